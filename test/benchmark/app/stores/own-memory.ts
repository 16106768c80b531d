import { MemorySessionStore, SessionModule } from 'nest-session';
import type { SetUp } from '../setup.js';

const setUp: SetUp = ({ secret, options }) => ({
  // Logins must not push out the sessions that the other routes use.
  imports: [
    SessionModule.forRoot({ secret, store: new MemorySessionStore({ maxSessions: 10_000_000 }), ...options }),
  ],
});

export default setUp;
