import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unsign } from 'cookie-signature';
import { Fleet } from '../../../sample/05-several-instances/fleet.js';
import { NginxProxy } from '../../../sample/05-several-instances/proxy/nginx.js';
import { NodeProxy } from '../../../sample/05-several-instances/proxy/node-proxy.js';
import type { Proxy } from '../../../sample/05-several-instances/proxy/proxy.js';
import { Secrets } from '../../../sample/05-several-instances/secrets.js';
import { makeSessionTable } from '../../../sample/05-several-instances/session-table.js';
import { findFreePort } from '../../../sample/support/embedded-postgres.js';
import { selfSigned } from '../../faults/support/certificate.js';
import { buildSample } from '../../support/built-sample.js';
import { Client } from '../../support/client.js';
import { createDatabase } from '../../support/database.js';
import { NGINX } from '../../support/nginx.js';
import { openRedisSpace, REDIS_URL } from '../../support/redis.js';
import { TRIES_ALL } from '../../support/scope.js';
import { SECRET } from '../../support/site.js';
import { Crowd } from './crowd.js';

const CONFIGURATION = fileURLToPath(
  new URL('../../../sample/05-several-instances/proxy/nginx.conf', import.meta.url),
);

/** Of the instances: what visitors do too late is said there. */
const output = process.env.TEST_LOG ? 'inherit' : 'ignore';

let folder: string;
let built: string;

describe('several instances', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-session-instances-'));
    built = await buildSample('05-several-instances');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  interface Store {
    /** As instances are told. */
    readonly variables: Record<string, string>;
    drop(): Promise<void>;
  }

  async function postgres(): Promise<Store> {
    const database = await createDatabase();
    await makeSessionTable(database.url);
    return { variables: { DATABASE_URL: database.url }, drop: () => database.drop() };
  }

  async function redis(): Promise<Store> {
    const space = await openRedisSpace();
    return { variables: { REDIS_URL: REDIS_URL!, REDIS_PREFIX: space.prefix }, drop: () => space.close() };
  }

  const nginx = (directives: readonly string[] = []): Proxy =>
    new NginxProxy({
      program: NGINX!,
      configuration: CONFIGURATION,
      folder: join(folder, 'nginx'),
      directives,
    });

  type Place = [place: string, open: () => Promise<Store>, proxy: () => Proxy, isThere: boolean];

  /** Usually the first; all take a minute of the processor. */
  const PLACES: Place[] = [['PostgreSQL, behind the built-in proxy', postgres, () => new NodeProxy(), true]];
  if (TRIES_ALL)
    PLACES.push(
      ['PostgreSQL, behind nginx', postgres, nginx, NGINX !== undefined],
      ['Redis, behind nginx', redis, nginx, NGINX !== undefined && REDIS_URL !== undefined],
    );

  for (const [place, open, makeProxy, isThere] of PLACES) {
    (isThere ? describe : describe.skip)(`two instances on ${place}`, () => {
      let store: Store;
      let secrets: Secrets;
      let fleet: Fleet;

      beforeAll(async () => {
        store = await open();
        secrets = new Secrets(SECRET);
        const script = join(built, 'app', 'main.js');
        fleet = new Fleet({
          size: 2,
          script,
          output,
          environment: store.variables,
          secrets,
          proxy: makeProxy(),
        });
        await fleet.listen(await findFreePort(), '127.0.0.1');
      });
      afterAll(async () => {
        await fleet.close();
        await store.drop();
      });

      async function visitor(): Promise<Client> {
        const client = new Client(await fleet.getUrl());
        // A proxy that reloads closes connections that are kept: browsers try again, this client begins anew each time.
        client.headers.connection = 'close';
        return client;
      }

      async function signedIn(name: string): Promise<Client> {
        const client = await visitor();
        expect((await client.post('/sign-in', { name })).status).toBe(204);
        return client;
      }

      /** The same browser at each of the instances, past the proxy. */
      const everywhere = (client: Client): Client[] =>
        fleet.instances.map(({ url }) => {
          const copy = new Client(url);
          copy.headers.cookie = client.cookieHeader;
          return copy;
        });

      const statuses = (client: Client): Promise<number[]> =>
        Promise.all(everywhere(client).map(async (one) => (await one.get('/account')).status));

      it('answer in turn, and each knows the visitor', async () => {
        const ada = await signedIn('ada');
        const who = new Set<string>();
        for (let request = 0; request < 6; request++) {
          const { body } = await ada.get('/account');
          expect(body.name).toBe('ada');
          who.add(body.instance as string);
        }
        expect([...who].sort()).toEqual(['1', '2']);
        expect(await statuses(ada)).toEqual([200, 200]);
      });

      it('lose nothing of what is changed at the same time', async () => {
        const ada = await signedIn('ada');
        const answers = await Promise.all(Array.from({ length: 60 }, () => ada.copy()).map(visit));
        expect(new Set(answers.map(({ body }) => body.visits as number)).size).toBe(60);
        expect(new Set(answers.map(({ body }) => body.instance as string)).size).toBe(2);
        expect((await ada.get('/')).body).toMatchObject({ greeting: 'Hello, ada!', visits: 60 });
      });

      it('refuse, all of them and at once, what was ended at one', async () => {
        for (let index = 0; index < 2; index++) {
          const ada = await signedIn('ada');
          expect(await statuses(ada)).toEqual([200, 200]);
          expect((await everywhere(ada)[index]!.post('/sign-out')).status).toBe(204);
          expect(await statuses(ada)).toEqual([401, 401]);
        }
      });

      it('let no late request bring back what was ended', async () => {
        const ada = await signedIn('ada');
        const late = (): Promise<unknown>[] => Array.from({ length: 12 }, () => visit(ada.copy()));
        const before = late();
        const [out] = await Promise.all([ada.copy().post('/sign-out'), ...before, ...late()]);
        expect(out.status).toBe(204);
        expect(await statuses(ada)).toEqual([401, 401]);
        const seen = await Promise.all(
          everywhere(ada).map(async (one) => (await one.get('/')).body as unknown),
        );
        expect(seen).toEqual(
          Array(2).fill(expect.objectContaining({ greeting: 'Hello, stranger!', visits: 0 })),
        );
      });

      it('are replaced under load, with a new secret: nobody is signed out, and no request is lost', async () => {
        const steady = await signedIn('steady');
        const before = fleet.instances.map(({ url }) => url);
        const crowd = await Crowd.begin(visitor, 3);
        await fleet.rotateSecret();
        await crowd.stop();
        expect(crowd.complaints).toEqual([]);
        expect(crowd.rounds).toBeGreaterThan(0);

        const [fresh, old] = secrets.list;
        expect([secrets.list.length, old]).toEqual([2, SECRET]);
        expect(fleet.instances.map(({ url }) => url).filter((url) => before.includes(url))).toEqual([]);
        const late = await signedIn('late');
        expect(signedBy(late, fresh!)).toBe(true);
        expect(signedBy(steady, fresh!)).toBe(false);
        for (const client of [steady, late]) expect(await statuses(client)).toEqual([200, 200]);
      });
    });
  }

  function visit(client: Client) {
    return client.post('/visits');
  }

  function signedBy(client: Client, secret: string): boolean {
    const value = decodeURIComponent([...client.cookies.values()][0]!);
    return unsign(value.slice(2), secret) !== false;
  }

  (NGINX ? describe : describe.skip)('behind nginx that speaks TLS', () => {
    let store: Store;
    let fleet: Fleet;
    let securePort: number;

    beforeAll(async () => {
      const { key, cert } = selfSigned();
      const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      await Promise.all([writeFile(keyFile, key, { mode: 0o600 }), writeFile(certFile, cert)]);
      store = await postgres();
      securePort = await findFreePort();
      const proxy = nginx([
        `listen 127.0.0.1:${securePort} ssl;`,
        `ssl_certificate ${certFile};`,
        `ssl_certificate_key ${keyFile};`,
      ]);
      const script = join(built, 'app', 'main.js');
      const secrets = new Secrets(SECRET);
      fleet = new Fleet({ size: 1, script, output, environment: store.variables, secrets, proxy });
      await fleet.listen(await findFreePort(), '127.0.0.1');
    });
    afterAll(async () => {
      await fleet.close();
      await store.drop();
    });

    it('the cookie is Secure, as the connection is by what nginx says', async () => {
      const asked = request(`https://127.0.0.1:${securePort}/sign-in`, {
        method: 'POST',
        rejectUnauthorized: false,
        headers: { 'content-type': 'application/json' },
      }).end('{"name":"ada"}');
      const [response] = (await once(asked, 'response')) as [{ headers: NodeJS.Dict<string[]> }];
      expect(response.headers['set-cookie']).toEqual([expect.stringMatching(/^sid=.*; Secure/)]);
      asked.destroy();
    });

    it('and is not where the visitor alone says so', async () => {
      const liar = new Client(await fleet.getUrl());
      Object.assign(liar.headers, { 'x-forwarded-proto': 'https', forwarded: 'proto=https' });
      const { setCookies } = await liar.post('/sign-in', { name: 'ada' });
      expect(setCookies).toEqual([expect.not.stringContaining('Secure')]);
    });
  });
});
