import type { Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';

/** Turns of the event loop that are enough for all that follows a request without waiting for anything else. */
const TURNS = 50;

/** Resolves when the application has received so many requests from now on, and each is where it waits for the store. */
export async function arrivals(app: INestApplication, count: number): Promise<void> {
  const server = app.getHttpServer() as Server;
  await new Promise<void>((resolve) => {
    let left = count;
    const note = (): void => {
      if (--left > 0) return;
      server.off('request', note);
      resolve();
    };
    server.on('request', note);
  });
  for (let turn = 0; turn < TURNS; turn++) await setImmediate();
}
