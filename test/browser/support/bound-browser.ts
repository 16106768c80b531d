import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { CHROMIUM } from '../../support/chromium.js';

/** What a test wants of the browser. */
interface BoundBrowserOptions {
  /** Whether it signs as seldom as for people. @defaultValue it signs as often as a test wants */
  readonly hasQuota?: boolean;
}

/** What lets Chromium bind sessions without a chip for keys, and to a certificate that nobody has signed. */
function argumentsFor(cert: string, { hasQuota = false }: BoundBrowserOptions): string[] {
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  const pin = createHash('sha256').update(spki).digest('base64');
  return [
    '--no-sandbox', // Chromium does not run as root with a sandbox
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--enable-features=DeviceBoundSessions:RefreshQuota/${hasQuota},EnableBoundSessionCredentialsSoftwareKeysForManualTesting`,
    `--ignore-certificate-errors-spki-list=${pin}`,
  ];
}

/** A Chromium that binds sessions; what it knows survives a restart. */
export class BoundBrowser {
  private constructor(
    private readonly folder: string,
    private readonly cert: string,
    private readonly options: BoundBrowserOptions,
    public context: BrowserContext,
  ) {}

  static async start(cert: string, options: BoundBrowserOptions = {}): Promise<BoundBrowser> {
    const folder = await mkdtemp(join(tmpdir(), 'nest-session-browser-'));
    return new BoundBrowser(folder, cert, options, await launch(folder, cert, options));
  }

  /** Closes the browser, and starts it again with what it has kept. */
  async restart(): Promise<void> {
    await this.context.close();
    this.context = await launch(this.folder, this.cert, this.options);
  }

  async stop(): Promise<void> {
    await this.context.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function launch(folder: string, cert: string, options: BoundBrowserOptions): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM!,
    args: argumentsFor(cert, options),
  });
  context.setDefaultTimeout(60_000);
  return context;
}
