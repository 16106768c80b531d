import 'nest-session';

declare module 'nest-session' {
  interface SessionData {
    userId?: string;
    visits?: number;
  }
}
