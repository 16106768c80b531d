/** Peers of the tests that come without types of their own, or with types that would clash with this package's. */
declare module 'express-session';
declare module 'connect-pg-simple';
declare module 'memorystore';
declare module 'connect-memcached';
declare module 'express4';
