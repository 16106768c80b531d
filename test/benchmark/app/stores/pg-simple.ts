import type { SetUp } from '../setup.js';
import { expressSession, withExpressSession } from './express-session.js';
import { pgSimple } from './pg-simple-store.js';

const setUp: SetUp = async (surroundings) => {
  const { store, ...rest } = await pgSimple(expressSession, surroundings);
  return withExpressSession(surroundings, store, rest);
};

export default setUp;
