import type { SetUp } from '../setup.js';
import { expressSession, withExpressSession } from './express-session.js';

const setUp: SetUp = (surroundings) => withExpressSession(surroundings, new expressSession.MemoryStore());

export default setUp;
