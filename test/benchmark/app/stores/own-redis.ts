import { SessionModule } from 'nest-session';
import { redisStore } from 'nest-session/redis';
import { KEY_PREFIX, type SetUp } from '../setup.js';

const setUp: SetUp = ({ secret, url, options }) => ({
  imports: [SessionModule.forRoot({ secret, store: redisStore({ url, prefix: KEY_PREFIX }), ...options })],
});

export default setUp;
