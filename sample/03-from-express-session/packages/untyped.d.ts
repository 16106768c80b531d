/** These packages come without types of their own. */
declare module 'express-session';
declare module 'connect-pg-simple';
