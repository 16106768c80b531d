import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsoleLogger, type INestApplication, type NestApplicationOptions } from '@nestjs/common';
import { findFreePort, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';
import { readEnvironment } from './environment.js';
import { keptCertificate, pinOf } from './kept-certificate.js';
import { keptSecret } from './kept-secret.js';

/** The environment of a sample. */
export interface Surroundings {
  /** A secret that survives a restart. */
  readonly secret: string;
  /** The address of a PostgreSQL: `DATABASE_URL`, or a server that is started and stopped with the sample. */
  readonly databaseUrl: () => Promise<string>;
  /** Options for creating the application. Errors at the start are printed once. */
  readonly options: NestApplicationOptions;
}

/** A running sample: an application, or several behind a proxy. */
export type Runnable = Pick<INestApplication, 'close' | 'getUrl'> &
  Partial<Pick<INestApplication, 'useLogger'>> & { listen(port: number, host: string): Promise<unknown> };

/** A sample that can be run. */
export interface Sample {
  /** The folder for its data. */
  readonly data: string;
  /** Whether to listen on HTTPS, with a certificate that is created for this machine. */
  readonly https?: boolean;
  /** Creates the application. `listen()` is called afterwards. */
  readonly create: (surroundings: Surroundings) => Promise<Runnable>;
  /** Runs when the application has stopped. */
  readonly stopped?: () => Promise<void>;
}

/** Starts a sample, prints its address, and stops it with SIGINT or SIGTERM. */
export async function runSample({ data, https, create, stopped }: Sample): Promise<void> {
  let postgres: EmbeddedPostgres | undefined;
  let app: Runnable | undefined;
  let stopping: Promise<void> | undefined;

  /**
   * First the application, then the server it uses: `enableShutdownHooks()` would end the process before the latter has
   * stopped. Afterwards nothing is open, and the process ends by itself. It runs once, even if several signals arrive.
   */
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      await app?.close();
      await stopped?.();
      await postgres?.stop();
    })());

  try {
    const { host, port, ...environment } = readEnvironment(process.env);
    const httpsOptions = https ? await keptCertificate(join(data, 'certificate')) : undefined;
    app = await create({
      secret: environment.secret ?? (await keptSecret(join(data, 'secret'))),
      async databaseUrl() {
        if (environment.databaseUrl !== undefined) return environment.databaseUrl;
        console.log('Starting PostgreSQL …');
        postgres ??= await startEmbeddedPostgres({ dataDir: join(data, 'postgres') });
        return postgres.url;
      },
      options: {
        abortOnError: false,
        ...(httpsOptions && { httpsOptions }),
        logger: { log: ignore, error: ignore, warn: (message: unknown) => console.warn(message) },
      },
    });
    await app.listen(port ?? (await findFreePort(3000, host)), host);
    app.useLogger?.(new ConsoleLogger({ logLevels: ['warn'] }));
    process.on('SIGINT', () => void stop()).on('SIGTERM', () => void stop());
    const url = await app.getUrl();
    console.log(`The sample listens on ${url}`);
    if (httpsOptions) console.log(`\n${howToTrust(pinOf(httpsOptions), url)}`);
  } catch (error) {
    console.error(`The sample cannot start: ${reasonOf(error)}`);
    await stop();
    process.exit(1);
  }
}

/** Browsers bind sessions only if they trust the certificate. Off Windows they keep no keys, unless they are told to. */
function howToTrust(pin: string, url: string): string {
  const features =
    'DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting';
  return [
    'Nobody has signed the certificate. Start Chromium so that it trusts it, and binds sessions with keys in software:',
    `chromium --user-data-dir=${join(tmpdir(), 'nest-session-chromium')} --enable-features=${features} --ignore-certificate-errors-spki-list=${pin} ${url}`,
  ].join('\n');
}

function ignore(): void {
  // The error at the start was printed above.
}

function reasonOf(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken. Set PORT to another one, or leave it unset.`;
  return message || String(code ?? error);
}
