/** These packages contain no types. */
declare module 'express-session';
declare module 'connect-pg-simple';
