/** The data keys that tests name in decorators and in `keep`. The samples, which tests compile too, declare their own. */
declare module 'nest-session' {
  interface SessionData {
    absent?: unknown;
    age?: unknown;
    color?: unknown;
    count?: unknown;
    item?: unknown;
    kept?: unknown;
    missing?: unknown;
    name?: unknown;
    role?: unknown;
    size?: unknown;
  }
}

export {};
