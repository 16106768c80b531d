import type { INestApplicationContext } from '@nestjs/common';
import { describe } from '../errors/describe.js';
import { messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';

/**
 * The runtime of an application, or of the `SessionModule` that was selected.
 *
 * @throws SessionUsageError if there is none, or if there are several.
 */
export function runtimeOf(app: INestApplicationContext): SessionRuntime {
  const [first, ...others] = runtimesOf(app);
  if (first === undefined || others.length === 0) return first!;
  try {
    return app.get<SessionRuntime>(SESSION_RUNTIME, { strict: true });
  } catch (cause) {
    throw new SessionUsageError(messages.severalSessions(others.length + 1), { cause });
  }
}

function runtimesOf(app: INestApplicationContext): SessionRuntime[] {
  try {
    return app.get<SessionRuntime>(SESSION_RUNTIME, { strict: false, each: true });
  } catch (cause) {
    throw new SessionUsageError(messages.noSessions(describe(app)), { cause });
  }
}
