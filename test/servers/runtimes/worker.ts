// What workerd runs: without a store on a server.
import { httpServerHandler } from 'cloudflare:node';
import { CookieSessionStore } from 'nest-session/cookie';
import { createApp } from './app.js';

interface Handler {
  fetch(...args: unknown[]): Promise<Response>;
}

/** Random numbers are to be had within a request only, so the first one starts the application. */
async function start(): Promise<Handler> {
  const app = await createApp(process.env.ADAPTER ?? 'Express', new CookieSessionStore());
  await app.listen(3000);
  return httpServerHandler({ port: 3000 });
}

let started: Promise<Handler> | undefined;

export default {
  async fetch(...args: unknown[]): Promise<Response> {
    return (await (started ??= start())).fetch(...args);
  },
};
