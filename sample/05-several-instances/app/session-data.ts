/** What is in a session. */
declare module 'nest-session' {
  interface SessionData {
    /** Set by `session.login(name)`. */
    userId?: string;
    visits?: number;
  }
}

export {};
