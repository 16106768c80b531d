import type { Answer, Client } from '../../../support/client.js';
import { DeviceKeyPair } from '../../../support/device-key.js';

/** What a browser was asked to register. */
export interface Offer {
  readonly path: string;
  readonly challenge: string;
}

/** What an answer asks the browser to register; undefined if nothing. */
export function offerIn({ headers }: Pick<Answer, 'headers'>): Offer | undefined {
  const header = headers.get('secure-session-registration');
  if (header === null) return undefined;
  const [, path, challenge] = /^\(ES256 RS256\);path="([^"]+)";challenge="([^"]+)"$/.exec(header)!;
  return { path: path!, challenge: challenge! };
}

/** The challenge in an answer. */
export function challengeIn({ headers }: Answer): string | undefined {
  return /^"([^"]+)";id="/.exec(headers.get('secure-session-challenge') ?? '')?.[1];
}

/** A browser that binds its sessions to a key, as Chromium does. */
export class DeviceBrowser {
  /** What the last registration answered. */
  identifier = '';

  constructor(
    readonly client: Client,
    readonly key = new DeviceKeyPair(),
    readonly path = '/.session',
  ) {}

  /** Signs in. Answers what it was asked to register. */
  async signIn(userId: string): Promise<Offer> {
    const answer = await this.client.post('/run/login', { userId });
    return offerIn(answer)!;
  }

  /** Signs in, and binds the session. */
  async bind(userId: string): Promise<Answer> {
    return this.register(await this.signIn(userId));
  }

  /** Registers its key, with a proof of its own or one that is given. */
  async register({ path, challenge }: Offer, proof?: string): Promise<Answer> {
    const answer = await this.ask(path, {
      'secure-session-response': proof ?? this.key.proof(challenge, { isRegistration: true }),
    });
    if (answer.status === 200)
      this.identifier = (answer.body as { session_identifier: string }).session_identifier;
    return answer;
  }

  /** Asks for a challenge. */
  async challenge(): Promise<string> {
    return challengeIn(await this.refreshWith())!;
  }

  /** Proves itself: without a proof first, and then with the challenge that it was given. */
  async refresh(): Promise<Answer> {
    return this.refreshWith(this.key.proof(await this.challenge()));
  }

  /** One request to the endpoint for proofs. */
  refreshWith(proof?: string, identifier = this.identifier): Promise<Answer> {
    return this.ask(`${this.path}/refresh`, {
      'sec-secure-session-id': identifier,
      ...(proof !== undefined && { 'secure-session-response': proof }),
    });
  }

  /** A POST without a body, and with headers that only a browser can send. */
  async ask(path: string, headers: Record<string, string>): Promise<Answer> {
    const { client } = this;
    Object.assign(client.headers, headers);
    try {
      return await client.post(path);
    } finally {
      for (const name of Object.keys(headers)) Reflect.deleteProperty(client.headers, name);
    }
  }

  /** Another browser that has the cookies named, and no key: a thief. */
  robbedOf(...names: string[]): DeviceBrowser {
    const thief = this.client.copy();
    for (const name of [...thief.cookies.keys()]) if (!names.includes(name)) thief.cookies.delete(name);
    const robber = new DeviceBrowser(thief, new DeviceKeyPair(), this.path);
    robber.identifier = this.identifier;
    return robber;
  }
}
