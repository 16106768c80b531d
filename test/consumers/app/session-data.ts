import 'nest-session';
import 'nest-session/express';

declare module 'nest-session' {
  interface SessionData {
    userId?: string;
    visits?: number;
  }
}

declare module 'nest-session/express' {
  interface SessionData {
    views?: number;
  }
}
