import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SignedIdCodec } from '../../lib/cookie/signed-id.codec.js';
import { KeyedIds } from '../../lib/core/record/session-id.js';
import { DropInStore } from '../../lib/express/drop-in-store.js';
import { deviceOf } from '../../lib/http/connection.js';
import { IdHistory } from '../../lib/stores/express/id-history.js';
import { MemorySessionStore } from '../../lib/stores/memory/memory-session.store.js';
import { newRecord } from '../../lib/testing/contract/records.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const HEADER = 16 * 1024;
const MANY = 1_500;
const MEGABYTE = 1024 * 1024;

/** A text as Node.js hands it out: in the middle of a header of its own, 16 KB long. */
function inHeader(text: string): string {
  const header = Buffer.alloc(HEADER, ' ');
  header.write(text, 100, 'latin1');
  return header.toString('latin1').slice(100, 100 + text.length);
}

function bytesInUse(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const ids = new KeyedIds();
const SECRET = 'a secret of more than thirty-two bytes';

/** What is done for each of many requests; it returns what is kept. */
const KEEPERS: Record<string, () => { readonly keep: (n: number) => unknown }> = {
  'the user agent and the address of a session'() {
    const device = (n: number): unknown =>
      deviceOf({
        ip: inHeader(`2001:db8:0000:0000:0000:0000:0000:${n}`),
        headers: { 'user-agent': inHeader('Mozilla/5.0 '.repeat(1_000)) },
      } as never);
    return { keep: device };
  },
  'ids and what follows from them'() {
    const known = new KeyedIds();
    return { keep: (n) => [known.keyOf(inHeader(ids.renew(String(n).padStart(22, '_')))), known] };
  },
  'ids that are asked for again and again'() {
    const known = new KeyedIds();
    const all = Array.from({ length: MANY }, (_, n) => ids.renew(String(n).padStart(22, '_')));
    for (const id of all) known.keyOf(id);
    // With this one, all others are in the older half, from which they come back when they are asked for.
    known.keyOf(ids.generate(undefined));
    return { keep: (n) => [known.tokenOf(inHeader(all[n]!)), known] };
  },
  'ids whose signature was good, and their signatures'() {
    const codec = new SignedIdCodec([SECRET]);
    return {
      keep() {
        const token = codec.seal(ids.generate(undefined));
        const opened = codec.open(inHeader(token));
        for (let n = 0; n < 100; n++) Buffer.from(token); // what else takes of the pool of Buffers
        return opened;
      },
    };
  },
  'ids that were renewed'() {
    const history = new IdHistory();
    return {
      keep(n) {
        history.renewed(inHeader(`the id before, ${n}`), inHeader(`the id that follows, ${n}`));
        return history;
      },
    };
  },
  'ids that the drop-in has written'() {
    const answer = (...args: unknown[]): unknown => (args.at(-1) as () => void)();
    const store = new DropInStore({ get: answer, set: answer, destroy: answer });
    return {
      async keep(n) {
        const id = inHeader(`an id of the drop-in, ${n}`);
        await store.create([newRecord({ key: id, id })]);
        return store;
      },
    };
  },
  'users of sessions in memory'() {
    const store = new MemorySessionStore();
    return {
      async keep(n) {
        await store.create([newRecord({ userId: inHeader(`user-${n}@example.com`) })]);
        return store;
      },
    };
  },
};

/** A text that is kept never holds on to a longer one, nor a Buffer to a pool of them. */
describe('what is kept of many requests with large headers', () => {
  it.each(Object.entries(KEEPERS))('is a copy: %s', async (_, open) => {
    const { keep } = open();
    const kept: unknown[] = [];
    const before = bytesInUse();
    for (let n = 0; n < MANY; n++) kept.push(await keep(n));
    const grown = bytesInUse() - before;
    expect(kept).toHaveLength(MANY);
    // The headers themselves are 23 MB. The largest of these takes 2.
    expect(grown / MEGABYTE).toBeLessThan(8);
  });
});
