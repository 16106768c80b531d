import { describe, expect, it } from '@jest/globals';
import { BaseExceptionFilter } from '@nestjs/core';
import type { ArgumentsHost } from '@nestjs/common';
import * as api from '../../../lib/index.js';

type Made = Error & { code: string; statusCode: number; retryAfter?: number };

const made = (name: string): Made =>
  new (api as unknown as Record<string, new (message: string, options?: object) => Made>)[name]!(
    'The reason.',
  );

describe('every error class', () => {
  it.each([
    ['SessionStoreError', 'SESSION_STORE_UNAVAILABLE', 503],
    ['SessionConflictError', 'SESSION_CONFLICT', 503],
    ['SessionDataError', 'SESSION_DATA_INVALID', 500],
    ['SessionEndedError', 'SESSION_ENDED', 401],
    ['SessionOptionsError', 'SESSION_OPTIONS_INVALID', 500],
    ['SessionUsageError', 'SESSION_USAGE', 500],
    ['SessionCapabilityError', 'SESSION_STORE_CAPABILITY', 501],
    ['SessionRequiredError', 'SESSION_REQUIRED', 401],
    ['SessionForbiddenError', 'SESSION_FORBIDDEN', 403],
    ['DeviceProofRequiredError', 'DEVICE_PROOF_REQUIRED', 401],
    ['DeviceUnboundError', 'DEVICE_UNBOUND', 401],
    ['LoginLevelError', 'LOGIN_LEVEL', 401],
    ['LoginActingError', 'LOGIN_ACTING', 403],
  ])('%s has a stable code and a status', (name, code, statusCode) => {
    const error = made(name);
    expect(error).toMatchObject({ name, code, statusCode });
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain(name);
  });

  it.each([
    ['unproved', 'DEVICE_PROOF_REQUIRED'],
    ['unbound', 'DEVICE_UNBOUND'],
  ] as const)('SessionLockedError (%s) has the code of the guard’s error', (reason, code) => {
    const error = new api.SessionLockedError(reason);
    expect(error).toMatchObject({ name: 'SessionLockedError', reason, code, statusCode: 401 });
  });

  it('is among those checked here', () => {
    const classes = Object.keys(api).filter((name) => name.endsWith('Error'));
    expect(classes.sort()).toEqual(
      [
        'CsrfError',
        'DeviceProofRequiredError',
        'DeviceUnboundError',
        'LoginActingError',
        'LoginLevelError',
        'LoginRequiredError',
        'LoginStaleError',
        'SessionAccessError',
        'SessionCapabilityError',
        'SessionConflictError',
        'SessionDataError',
        'SessionEndedError',
        'SessionError',
        'SessionForbiddenError',
        'SessionLockedError',
        'SessionOptionsError',
        'SessionRequiredError',
        'SessionStoreError',
        'SessionUsageError',
      ].sort(),
    );
  });
});

describe('what a client may try again', () => {
  it.each(['SessionStoreError', 'SessionConflictError'])('%s says when', (name) => {
    expect(made(name).retryAfter).toBe(1);
  });
});

describe('the exception filter of Nest', () => {
  it.each([
    ['SessionStoreError', 503],
    ['SessionEndedError', 401],
    ['SessionCapabilityError', 501],
    ['SessionDataError', 500],
    ['SessionForbiddenError', 403],
  ])('answers a %s with %i', (name, status) => {
    const answered: unknown[] = [];
    const adapter = {
      isHeadersSent: () => false,
      reply: (_response: unknown, _body: unknown, code: number) => answered.push(code),
    };
    const filter = new BaseExceptionFilter(adapter as never);
    const silent = Reflect.get(BaseExceptionFilter, 'logger') as { error: () => void };
    Reflect.set(BaseExceptionFilter, 'logger', { error: () => undefined });
    try {
      filter.catch(made(name), { getArgByIndex: () => ({}) } as unknown as ArgumentsHost);
    } finally {
      Reflect.set(BaseExceptionFilter, 'logger', silent);
    }
    expect(answered).toEqual([status]);
  });

  it('keeps the message of a fault of the server from the client', () => {
    const bodies: unknown[] = [];
    const adapter = {
      isHeadersSent: () => false,
      reply: (_response: unknown, body: unknown) => bodies.push(body),
    };
    const logger: unknown = Reflect.get(BaseExceptionFilter, 'logger');
    Reflect.set(BaseExceptionFilter, 'logger', { error: () => undefined });
    try {
      for (const name of ['SessionStoreError', 'SessionDataError']) {
        new BaseExceptionFilter(adapter as never).catch(made(name), {
          getArgByIndex: () => ({}),
        } as unknown as ArgumentsHost);
      }
    } finally {
      Reflect.set(BaseExceptionFilter, 'logger', logger);
    }
    expect(bodies).toHaveLength(2);
    expect(JSON.stringify(bodies)).not.toContain('The reason.');
  });

  it('says nothing of the session to who is refused', () => {
    const error = made('SessionForbiddenError') as unknown as { getResponse(): unknown };
    expect(error.getResponse()).toEqual({
      statusCode: 403,
      code: 'SESSION_FORBIDDEN',
      message: 'The session does not allow this.',
    });
  });
});
