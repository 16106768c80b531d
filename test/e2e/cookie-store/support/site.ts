import type { SessionModuleOptions } from '../../../../lib/index.js';
import { CookieSessionStore, type CookieSessionStoreOptions } from '../../../../lib/stores/cookie/index.js';
import type { Client } from '../../../support/client.js';
import { openSite, type Site } from '../../../support/site.js';

/** What an application has said to its operator. */
export type Warnings = string[];

export interface CookieSite extends Site {
  readonly warnings: Warnings;
}

/** An application whose sessions stand in their cookies. */
export async function openCookieSite(
  options: Partial<SessionModuleOptions> = {},
  storeOptions: CookieSessionStoreOptions = {},
): Promise<CookieSite> {
  const warnings: Warnings = [];
  const quiet = (): void => undefined;
  const backend = {
    kind: 'cookie',
    store: new CookieSessionStore(storeOptions),
    close: () => Promise.resolve(),
  };
  const site = await openSite(backend, options, (app) =>
    app.useLogger({
      log: quiet,
      error: quiet,
      debug: quiet,
      warn: (text: string) => void warnings.push(text),
    }),
  );
  return { ...site, warnings };
}

/** A browser that has a session. */
export async function visitor(site: Site, data: object = { color: 'green' }): Promise<Client> {
  const client = site.client();
  await client.post('/run/set', data);
  return client;
}

/** The same browser at another instance. */
export function at(site: Site, { cookies }: Client): Client {
  const client = site.client();
  for (const [name, value] of cookies) client.cookies.set(name, value);
  return client;
}

/** What a browser sees. */
export async function seen(client: Client): Promise<unknown> {
  return (await client.copy().get('/run/read')).body as unknown;
}

/** Why cookies were refused, in order. */
export function rejections({ events }: Site): string[] {
  return events.flatMap((event) => (event.type === 'rejected' ? [event.reason] : []));
}
