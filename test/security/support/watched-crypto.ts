import { jest } from '@jest/globals';
import * as crypto from 'node:crypto';

/** What lib compares in constant time. Counts for modules that are imported after this one has run. */
export const compare = jest.fn(crypto.timingSafeEqual);

const watched = { ...crypto, timingSafeEqual: compare };
jest.unstable_mockModule('node:crypto', () => ({ ...watched, default: watched }));
