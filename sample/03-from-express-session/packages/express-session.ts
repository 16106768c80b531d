import session from 'express-session';
import type dropIn from 'nest-session/express';

/** The package express-session, with the types of what takes its place: they fit. */
export default session as typeof dropIn;
