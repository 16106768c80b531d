import type { INestApplicationContext } from '@nestjs/common';
import { describe, messages } from '../errors/messages.js';
import { SessionUsageError } from '../errors/session-usage.error.js';
import { SESSION_RUNTIME } from '../session.constants.js';
import type { SessionRuntime } from '../session.runtime.js';

/** The sessions of an application. @throws SessionUsageError where it has none. */
export function runtimeOf(app: INestApplicationContext): SessionRuntime {
  try {
    return app.get<SessionRuntime>(SESSION_RUNTIME, { strict: false });
  } catch (cause) {
    throw new SessionUsageError(messages.noSessions(describe(app)), { cause });
  }
}
