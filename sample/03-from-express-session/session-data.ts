/** What the shop keeps in a session. */
declare module 'nest-session' {
  interface SessionData {
    userId?: string;
    views?: number;
  }
}
