import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { findFreePort } from '../../../sample/support/embedded-postgres.js';
import { keptCertificate, pinOf } from '../../../sample/support/kept-certificate.js';
import { selfSigned } from '../../faults/support/certificate.js';
import { buildSample } from '../../support/built-sample.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { SECRET } from '../../support/site.js';
import { fetchInsecurely } from '../../support/tls-fetch.js';
import { DeviceBrowser, offerIn } from '../device-bound/support/device-browser.js';
import { Browser } from './browser.js';

describe('npm run start:https', () => {
  let database: TestDatabase;
  let child: ChildProcess;
  let ended: Promise<unknown[]>;
  let base: string;
  /** What Chromium is told of the certificate. */
  let pin: string;

  beforeAll(async () => {
    const [built, made] = await Promise.all([buildSample('01-accounts'), createDatabase()]);
    database = made;
    child = spawn(process.execPath, [join(built, 'main.js'), '--https'], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        DATABASE_URL: database.url,
        SESSION_SECRET: SECRET,
        PORT: String(await findFreePort()),
      },
      stdio: ['ignore', 'pipe', process.env.TEST_LOG ? 'inherit' : 'ignore'],
    });
    ended = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout! })) {
      const [, address] = /^The sample listens on (https:\S+)$/.exec(line) ?? [];
      if (address !== undefined) base = address;
      const [, found] = /^chromium .*--ignore-certificate-errors-spki-list=(\S+) /.exec(line) ?? [];
      if (found === undefined) continue;
      pin = found;
      break;
    }
  }, 120_000);

  afterAll(async () => {
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await database.drop();
  });

  it('listens with the certificate whose key it names', async () => {
    const { hostname, port } = new URL(base);
    const socket: TLSSocket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const cert = new X509Certificate(socket.getPeerCertificate().raw);
    socket.destroy();
    expect(pinOf({ cert: cert.toString() })).toBe(pin);
    expect([cert.checkHost('localhost'), cert.checkIP('127.0.0.1')]).toEqual(['localhost', '127.0.0.1']);
  });

  it('binds the session of somebody who signs up, and says so on the page of devices', async () => {
    const browser = new Browser(base, fetchInsecurely);
    const signedUp = await browser.send('/sign-up', { name: 'Ada', password: 'correct horse' });
    expect((await browser.visit('/devices')).text).toContain('None: this browser binds no sessions');
    const device = new DeviceBrowser(browser);
    expect(await device.register(offerIn(signedUp)!)).toMatchObject({ status: 200 });
    expect((await browser.visit('/devices')).text).toContain('Bound to the device');
    const thief = browser.copy();
    thief.cookies.delete('__Host-sid-device');
    expect(await thief.visit('/devices')).toMatchObject({
      status: 401,
      text: expect.stringContaining('Not on this device'),
    });
    expect(await device.refresh()).toMatchObject({ status: 200 });
  });
});

describe('the certificate of the sample', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'nest-session-certificate-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('is made once, and only its owner can read it', async () => {
    const file = join(folder, 'data', 'certificate');
    const made = await keptCertificate(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await keptCertificate(file)).toEqual(made);
  });

  it('is made anew when it is about to end', async () => {
    const file = join(folder, 'old');
    const old = selfSigned(); // until midnight
    await writeFile(file, JSON.stringify(old));
    const made = await keptCertificate(file);
    expect(made).not.toEqual(old);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(made);
  });

  it('is not made over something else', async () => {
    const file = join(folder, 'other');
    await writeFile(file, 'something else');
    await expect(keptCertificate(file)).rejects.toThrow(SyntaxError);
    expect(await readFile(file, 'utf8')).toBe('something else');
  });
});
