import { Injectable } from '@nestjs/common';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from './logout-tokens.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** A session of the provider: a user in a browser. */
export interface ProviderSession {
  readonly sub: string;
  readonly sid: string;
}

/** A logout token that is being made: a test may change what it says, and how it is signed. */
export interface Draft {
  claims: JWTPayload;
  header: { alg: string; typ?: string; kid?: string };
  key: CryptoKey | Uint8Array;
}

/** A provider on its own port, with a real key: it signs users in, and tells clients when they have signed out. */
@Injectable()
export class OpenIdProvider extends Provider {
  readonly clientId = 'shop';
  issuer = '';
  /** Whether it does not answer, or with an error. */
  outage: 'away' | 'failing' | undefined;
  #key!: CryptoKey;
  #jwks = '';
  readonly #codes = new Map<string, ProviderSession>();
  readonly #server: Server = createServer((req, res) => {
    void this.#answer(new URL(req.url!, this.issuer)).then((answer) => {
      if (this.outage === 'away') req.socket.destroy();
      const status = this.outage === 'failing' ? 502 : answer === undefined ? 400 : 200;
      res.writeHead(status, { 'content-type': 'application/json' }).end(answer);
    });
  });

  get jwksUri(): string {
    return `${this.issuer}/jwks`;
  }

  async start(): Promise<this> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    this.#key = privateKey;
    this.#jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What the browser brings back to the client. */
  signIn(session: ProviderSession): string {
    const code = randomUUID();
    this.#codes.set(code, session);
    return code;
  }

  /** A logout token, as it is or as `change` makes it. */
  async logoutToken(
    who: Partial<ProviderSession>,
    change: (draft: Draft) => void = () => undefined,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const draft: Draft = {
      claims: {
        ...{ iss: this.issuer, aud: this.clientId, iat: now, exp: now + 120, jti: randomUUID() },
        ...{ events: { [EVENT]: {} }, ...who },
      },
      header: { alg: 'RS256', typ: 'logout+jwt', kid: 'one' },
      key: this.#key,
    };
    change(draft);
    return new SignJWT(draft.claims).setProtectedHeader(draft.header).sign(draft.key);
  }

  /** Tells a client, as the provider does: a form over HTTP, without a cookie. */
  send(client: string, token: string | undefined): Promise<Response> {
    const body = new URLSearchParams(token === undefined ? {} : { logout_token: token });
    return fetch(`${client}/back-channel-logout`, { method: 'POST', body });
  }

  async #answer({ pathname, searchParams }: URL): Promise<string | undefined> {
    if (pathname === '/jwks') return this.#jwks;
    const code = searchParams.get('code') ?? '';
    const session = this.#codes.get(code);
    this.#codes.delete(code);
    if (session === undefined) return undefined;
    const id_token = await new SignJWT({ sid: session.sid })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setSubject(session.sub)
      .setIssuer(this.issuer)
      .setAudience(this.clientId)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(this.#key);
    return JSON.stringify({ id_token });
  }
}
