import express, { type Express } from 'express';
import type { Pool } from 'pg';
import connectPgSimple from './packages/connect-pg-simple.js';
import session from './packages/express-session.js';
import { addShop } from './shop.js';

export function start(pool: Pool, secret: string): Express {
  const app = express();
  const PgStore = connectPgSimple(session);
  app.use(
    session({
      store: new PgStore({ pool, createTableIfMissing: true }),
      secret,
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 7 * 24 * 60 * 60 * 1000 },
    }),
  );
  addShop(app);
  return app;
}
