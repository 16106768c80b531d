import { SessionModule } from 'nest-session';
import { redisStore } from 'nest-session/redis';
import { prefixOf, type SetUp } from '../setup.js';

const setUp: SetUp = ({ secret, url, place, options }) => ({
  imports: [
    SessionModule.forRoot({ secret, store: redisStore({ url, prefix: prefixOf(place) }), ...options }),
  ],
});

export default setUp;
