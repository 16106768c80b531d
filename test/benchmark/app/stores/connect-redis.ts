import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { prefixOf, type SetUp } from '../setup.js';
import { withExpressSession } from './express-session.js';

const setUp: SetUp = async (surroundings) => {
  const client = createClient({ url: surroundings.url });
  await client.connect();
  return withExpressSession(surroundings, new RedisStore({ client, prefix: prefixOf(surroundings.place) }), {
    close: () => client.close(),
  });
};

export default setUp;
