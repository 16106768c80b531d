import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { sign } from 'cookie-signature';
import type { MemorySessionStore, SessionModuleOptions } from '../../../lib/index.js';
import type { Client } from '../../support/client.js';
import { TestClock } from '../../support/clock.js';
import { keyOf as keyOfId } from '../../support/ids.js';
import { type Backend, type KINDS, openSite, SECRET, type Site } from '../../support/site.js';

export type Kind = (typeof KINDS)[number];

/** Tries to break what a row of the table in docs/tested/security.md says; fails where it can. */
export type Attack = (scene: Scene) => Promise<void>;

/** Attacks by the name that the table gives them. */
export type Attacks = Readonly<Record<string, Attack>>;

/** A store, and as many applications on it as an attack takes. */
export class Scene {
  readonly clock = new TestClock();
  readonly #closing: (() => unknown)[] = [];

  constructor(
    readonly kind: Kind,
    readonly backend: Backend,
  ) {}

  /** Another instance of the application. */
  open = async (
    options: Partial<SessionModuleOptions> = {},
    setUp?: (app: NestExpressApplication) => void,
    controllers: Type[] = [],
  ): Promise<Site> => {
    const site = await openSite(this.backend, options, setUp, controllers);
    this.atEnd(() => site.close());
    return site;
  };

  /** What has to be undone, whatever becomes of the attack; the last comes first. */
  atEnd = (undo: () => unknown): void => {
    this.#closing.push(undo);
  };

  async close(): Promise<void> {
    this.clock.restore();
    for (const undo of this.#closing.splice(0).reverse()) await undo();
    await (this.backend.store as MemorySessionStore).deleteAll();
  }
}

/** A browser that has a session. */
export async function visitor(site: Site, data: object = { color: 'green' }): Promise<Client> {
  const client = site.client();
  await client.post('/run/set', data);
  return client;
}

/** A browser that somebody has signed in with. */
export async function member(site: Site, userId = 'ann'): Promise<Client> {
  const client = site.client();
  await client.post('/run/login', { userId });
  return client;
}

/** What somebody else sees who has the cookies of this browser, at any instance. */
export async function seenWith({ cookies }: Pick<Client, 'cookies'>, site: Site): Promise<unknown> {
  return (await thief(site, cookies).get('/run/read')).body as unknown;
}

/** Somebody else with these cookies. */
export function thief(site: Site, cookies: ReadonlyMap<string, string>): Client {
  const client = site.client();
  for (const [name, value] of cookies) client.cookies.set(name, value);
  return client;
}

/** Somebody with a cookie of this value. */
export function bearer(site: Site, value: string): Client {
  return thief(site, new Map([['sid', encodeURIComponent(value)]]));
}

/** The value of a cookie for an id, signed as the application signs. */
export function signed(id: string, secret = SECRET): string {
  return `s:${sign(id, secret)}`;
}

/** The value of a browser's session cookie. */
export function valueOf({ cookies }: Client): string {
  return decodeURIComponent(cookies.get('sid')!);
}

/** Where the store has the session of a browser. */
export function keyOf({ sessionId }: Client): string {
  return keyOfId(sessionId!);
}

/** The part of a browser's session id that nobody else may have. */
export function secretOf({ sessionId }: Client): string {
  return sessionId!.split('~')[1]!;
}

/** Why cookies were refused, in order. */
export function rejections({ events }: Site): string[] {
  return events.flatMap((event) => (event.type === 'rejected' ? [event.reason] : []));
}
