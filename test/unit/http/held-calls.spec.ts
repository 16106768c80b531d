import { describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { HeldCalls } from '../../../lib/http/held-calls.js';

describe('held calls', () => {
  /** Whether V8 keeps the properties of an object where compiled code finds them, and not in a table. */
  function fastPropertiesTest(): (object: object) => boolean {
    setFlagsFromString('--allow-natives-syntax');
    return runInThisContext('(object) => %HasFastProperties(object)') as (object: object) => boolean;
  }

  it('leave a response of Node as fast as it was', () => {
    const isFast = fastPropertiesTest();
    const responses = Array.from({ length: 3 }, () => new ServerResponse(new IncomingMessage(new Socket())));
    const held = responses.map((response) => new HeldCalls(response));
    const whileHeld = responses.map(isFast);
    for (const calls of held) calls.lift();
    expect([...whileHeld, ...responses.map(isFast)]).toEqual(Array.from({ length: 6 }, () => true));
  });

  it('tell two responses apart', () => {
    const [one, other] = [new IncomingMessage(new Socket()), new IncomingMessage(new Socket())].map(
      (request) => new ServerResponse(request),
    );
    const held = new HeldCalls(one!);
    new HeldCalls(other!);
    held.keep('end', []);
    expect([one!.writableEnded, other!.writableEnded, one!.finished]).toEqual([true, false, false]);
    held.lift();
    expect(one!.writableEnded).toBe(false);
  });
});
