import { jest } from '@jest/globals';
import * as crypto from 'node:crypto';

/** A hash of a password takes a third of a second on purpose. It takes less for what is imported after this file has run. */
const scrypt = ((password, salt, length, options, callback) =>
  crypto.scrypt(password, salt, length, { ...options, N: 2, p: 1 }, callback)) as typeof crypto.scrypt;

const quick = { ...crypto, scrypt };
jest.unstable_mockModule('node:crypto', () => ({ ...quick, default: quick }));
