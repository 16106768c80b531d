import session from 'express-session';
import type dropIn from 'nest-session/express';

/** The package express-session, with the types of the drop-in, which are the same. */
export default session as typeof dropIn;
