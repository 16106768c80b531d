import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { deviceOf } from '../../../lib/http/connection.js';

describe('the device of a request', () => {
  it('is its address, and the beginning of its user agent', () => {
    const agent = `Browser/1.0 ${'x'.repeat(1_000)}`;
    const request = {
      headers: { 'user-agent': agent },
      socket: { remoteAddress: '192.0.2.1' },
    } as unknown as IncomingMessage;
    expect(deviceOf(request)).toEqual({ ip: '192.0.2.1', userAgent: agent.slice(0, 512) });
  });

  it('is unknown where the request does not say it', () => {
    expect(deviceOf({ headers: {} } as IncomingMessage)).toEqual({ ip: null, userAgent: null });
  });
});
