import { describe, expect, it } from '@jest/globals';
import { CHALLENGE_LIFE, Challenges, isGoodFor } from '../../../lib/device-bound/challenges.js';
import { DeviceSeal } from '../../../lib/device-bound/device-seal.js';

const NOW = Date.UTC(2025, 0, 1);
const session = { key: 'k'.repeat(22), binding: { epoch: 2, at: NOW - 5_000 } };

describe('a challenge', () => {
  const challenges = new Challenges(new DeviceSeal(['one secret of the application']));

  it('is good for its session for a minute', () => {
    const challenge = challenges.open(challenges.issue('refresh', session, NOW))!;
    expect(challenge).toMatchObject({ purpose: 'refresh', key: session.key, issuedAt: NOW });
    expect(isGoodFor(challenge, session, NOW + CHALLENGE_LIFE)).toBe(true);
    expect(isGoodFor(challenge, session, NOW + CHALLENGE_LIFE + 1)).toBe(false);
  });

  it('is good also if the clock of this instance is behind that of the last proof', () => {
    const used = { ...session, binding: { ...session.binding, usedUntil: NOW + 3_000 } };
    const challenge = challenges.open(challenges.issue('refresh', used, NOW))!;
    expect(isGoodFor(challenge, used, NOW)).toBe(true);
  });
});
