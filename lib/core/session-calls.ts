import type { SessionState } from './session-state.js';

/** Called when a session method is done, as in express-session. */
export type SessionCallback = (error?: Error | null) => void;

/**
 * Notes what is under way, so that the response waits for it also where the application does not: `session.save()`
 * without `await` fails the response rather than the process.
 */
export function run<Result>(state: SessionState, work: () => Promise<Result>): Promise<Result> {
  const done = work();
  const underWay = (state.underWay ??= new Set());
  underWay.add(done);
  const settled = (): boolean => underWay.delete(done);
  done.then(settled, settled);
  return done;
}

/** Does something for a session, and says so to a callback, or by a promise where there is none. */
export function answer<Session>(
  session: Session,
  state: SessionState,
  work: () => Promise<void>,
  callback: SessionCallback | undefined,
): Promise<void> | Session {
  if (callback === undefined) return run(state, work);
  // The response waits for the callback as well: what it changes belongs to the session.
  const told = (error?: Error): Promise<void> =>
    new Promise((resolve) =>
      process.nextTick(() => {
        resolve();
        callback(...(error === undefined ? [] : [error]));
      }),
    );
  void run(state, () => work().then(() => told(), told));
  return session;
}
