/** What is in a session. */
declare module 'nest-session' {
  interface SessionData {
    /** Set by `session.login(name)`. */
    userId?: string;
    /** Whether the user had set up a second factor when this session signed in, or has done so in it. */
    hasSecondFactor?: boolean;
  }
}

export {};
