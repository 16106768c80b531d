import { ConflictException, Injectable } from '@nestjs/common';
import { generateSecret, generateURI, verify } from 'otplib';

interface Factor {
  /** Encrypt it in your database. */
  readonly secret: string;
  /** The time step of the last code that was used; undefined before the first. */
  lastStep?: number;
}

/** The second factors of users. In your application, store them in the database. */
@Injectable()
export class SecondFactor {
  private readonly factors = new Map<string, Factor>();

  /** Whether the user has one. It is set up with its first correct code. */
  isSetUp(userId: string): boolean {
    return this.factors.get(userId)?.lastStep !== undefined;
  }

  /** Creates a secret. Show the returned URI once, as a QR code. */
  begin(userId: string): string {
    if (this.isSetUp(userId)) throw new ConflictException('The second factor is already set up.');
    const secret = generateSecret();
    this.factors.set(userId, { secret });
    return generateURI({ issuer: 'Shop', label: userId, secret });
  }

  /** Whether a code is correct. The previous code is accepted for 10 more seconds, and each code only once (RFC 6238, 5.2). */
  async check(userId: string, code: unknown): Promise<boolean> {
    const factor = this.factors.get(userId);
    if (factor === undefined || typeof code !== 'string' || !/^\d{6}$/.test(code)) return false;
    const { secret, lastStep: afterTimeStep = 0 } = factor;
    const result = await verify({ secret, token: code, epochTolerance: [10, 0], afterTimeStep });
    if (!result.valid || !('timeStep' in result)) return false;
    // Another request may have used the code in the meantime.
    if (factor.lastStep !== undefined && factor.lastStep >= result.timeStep) return false;
    factor.lastStep = result.timeStep;
    return true;
  }
}
