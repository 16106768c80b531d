import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { SetUp } from '../setup.js';
import { pgSimple } from './pg-simple-store.js';

/** In memory, or in PostgreSQL through connect-pg-simple where the variant has a database. */
const setUp: SetUp = async (surroundings) => {
  const kept = surroundings.url ? await pgSimple(fastifySession, surroundings) : undefined;
  return {
    async prepare(app) {
      const fastify = app as NestFastifyApplication;
      await fastify.register(fastifyCookie);
      await fastify.register(fastifySession, {
        secret: surroundings.secret,
        saveUninitialized: false,
        cookie: { secure: false },
        ...(kept && { store: kept.store as never }),
      });
    },
    ...(kept && { close: kept.close }),
  };
};

export default setUp;
