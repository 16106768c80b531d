import { BadRequestException, Injectable } from '@nestjs/common';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/** What your application knows of its provider. */
export abstract class Provider {
  /** As in the provider's metadata: `issuer` and `jwks_uri`. */
  abstract readonly issuer: string;
  abstract readonly jwksUri: string;
  abstract readonly clientId: string;
}

/** Whom the provider has signed out. */
export interface SignedOut {
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  /** Call it when the sessions have ended: the token is then refused if it comes again. */
  done: () => void;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Checks logout tokens (OpenID Connect Back-Channel Logout 1.0, 2.6; OWASP ASVS 5.0, 10.5.5). */
@Injectable()
export class LogoutTokens {
  private readonly keys;
  /** When each token that was used expires, by its `jti`. With several instances, keep it in a table or in Redis. */
  private readonly used = new Map<string, number>();

  constructor(private readonly provider: Provider) {
    this.keys = createRemoteJWKSet(new URL(provider.jwksUri));
  }

  /** @throws BadRequestException for a token that is not valid. */
  async verify(token: unknown): Promise<SignedOut> {
    if (typeof token !== 'string') throw invalid();
    const { issuer, clientId } = this.provider;
    // Signature, iss, aud, exp and iat, as for an ID token. The type keeps other tokens of the provider out.
    const { payload } = await jwtVerify(token, this.keys, {
      issuer,
      audience: clientId,
      algorithms: ['RS256'], // the one that your client is registered with
      typ: 'logout+jwt',
      requiredClaims: ['jti', 'exp'],
      maxTokenAge: '2 minutes',
      clockTolerance: '10 seconds',
    }).catch((error: unknown) => {
      if (isOutage(error)) throw error; // the keys could not be fetched
      throw invalid();
    });
    const { sub, sid, jti, exp, nonce, events } = payload;
    const isLogout = isObject(events) && isObject(events[EVENT]);
    if (!isLogout || nonce !== undefined || jti === undefined || exp === undefined) throw invalid();
    if (sid !== undefined && typeof sid !== 'string') throw invalid();
    if (sub === undefined && sid === undefined) throw invalid();
    this.forget();
    if (this.used.has(jti)) throw invalid();
    return { sub, sid, done: () => void this.used.set(jti, exp) };
  }

  private forget(): void {
    const now = Date.now() / 1_000 - 10;
    for (const [jti, exp] of this.used) if (exp < now) this.used.delete(jti);
  }
}

function invalid(): BadRequestException {
  return new BadRequestException({ error: 'invalid_request' });
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return [errors.JOSEError.code, errors.JWKSTimeout.code].includes(error.code);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
