import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type SessionEvent, SessionEventHub } from '../../../../lib/core/record/session-events.js';

const EVENT: SessionEvent = { type: 'created', at: new Date(0), handle: 'h' };

function warnings(): unknown[] {
  const seen: unknown[] = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning: unknown) => void seen.push(warning));
  return seen;
}

describe('the event hub', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('tells every listener, in the order they came', () => {
    const hub = new SessionEventHub();
    const heard: string[] = [];
    hub.subscribe(({ type }) => heard.push(`a ${type}`));
    hub.subscribe(({ type }) => heard.push(`b ${type}`));
    hub.emit(EVENT);
    expect(heard).toEqual(['a created', 'b created']);
  });

  it('hears everything while somebody listens', () => {
    const hub = new SessionEventHub();
    expect(hub.hasListeners('created')).toBe(false);
    const off = hub.subscribe(() => undefined);
    expect(hub.hasListeners('created')).toBe(true);
    off();
    off();
    expect(hub.hasListeners('created')).toBe(false);
  });

  it.each(['created', 'loaded', 'rotated', 'destroyed', 'rejected', 'storeError'] as const)(
    'tells the diagnostics channel nest-session:%s of its own events alone',
    (type) => {
      const hub = new SessionEventHub();
      const heard: unknown[] = [];
      const listener = (event: unknown, name: string | symbol): void => void heard.push([name, event]);
      subscribe(`nest-session:${type}`, listener);
      expect(hub.hasListeners(type)).toBe(true);
      expect(hub.hasListeners(type === 'created' ? 'loaded' : 'created')).toBe(false);
      const event = { ...EVENT, type } as SessionEvent;
      hub.emit(event);
      hub.emit({ ...EVENT, type: type === 'created' ? 'loaded' : 'created' });
      unsubscribe(`nest-session:${type}`, listener);
      hub.emit(event);
      expect(heard).toEqual([[`nest-session:${type}`, event]]);
      expect(hub.hasListeners(type)).toBe(false);
    },
  );

  it('tells nobody who left, also in the middle of an event', () => {
    const hub = new SessionEventHub();
    const second = jest.fn();
    const off: (() => void)[] = [];
    hub.subscribe(() => off[0]!());
    off.push(hub.subscribe(second));
    hub.emit(EVENT);
    expect(second).not.toHaveBeenCalled();
  });

  it.each([
    ['an error', new Error('broken listener')],
    ['text', 'broken listener'],
    ['a symbol', Symbol('broken listener')],
    ['an object that has no text', Object.create(null)],
    ['undefined', undefined],
  ])('lets no listener that throws %s harm the request or the others', (_, thrown) => {
    const seen = warnings();
    const hub = new SessionEventHub();
    const other = jest.fn();
    hub.subscribe(() => {
      throw thrown;
    });
    hub.subscribe(other);
    expect(() => hub.emit(EVENT)).not.toThrow();
    expect(other).toHaveBeenCalledWith(EVENT);
    expect(seen).toHaveLength(1);
  });

  it('says that it was a listener of this package that threw', () => {
    const seen: { warning: unknown; code: unknown }[] = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((warning: unknown, options?: unknown) => {
      // As in Node: the options count for a text alone.
      const code =
        warning instanceof Error
          ? (warning as { code?: unknown }).code
          : (options as { code?: unknown }).code;
      seen.push({ warning, code });
    });
    const hub = new SessionEventHub();
    hub.subscribe(() => {
      throw new Error('broken');
    });
    hub.emit(EVENT);
    expect(seen).toEqual([{ warning: expect.anything(), code: 'NEST_SESSION_LISTENER' }]);
  });
});
