import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CookieParts, type CookiePair } from '../../../lib/cookie/cookie-parts.js';
import { runs } from '../../support/property.js';

/** A token of so many characters, no two parts of which are alike. */
function token(length: number, seed = 0): string {
  const words = Array.from({ length: Math.ceil(length / 6) }, (_, index) =>
    String(index + seed * 1000).padStart(6, '_'),
  );
  return words.join('').slice(0, length);
}

function header(pairs: Iterable<CookiePair>): string {
  return [...pairs].map(([name, value]) => `${name}=${value}`).join('; ');
}

describe.each(['sid', '__Host-sid'])('the cookies of a token (%s)', (name) => {
  const parts = new CookieParts(name, 4);

  it('are one as it stands, as long as that fits', () => {
    const room = 4096 - name.length;
    expect(parts.split(token(room), undefined)).toEqual([[name, token(room)]]);
    expect(parts.split(token(room + 1), undefined)).toHaveLength(2);
  });

  it('are of at most 4096 bytes each, name and value, and come back as the token', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: parts.maxLength }), (length) => {
        const pairs = parts.split(token(length), undefined);
        expect(pairs.map(([part]) => part)).toEqual(
          pairs.map((_, index) => (index ? `${name}.${index}` : name)),
        );
        for (const [part, value] of pairs) {
          expect(part.length + value.length).toBeLessThanOrEqual(4096);
          expect(encodeURIComponent(value)).toBe(value);
        }
        expect(parts.join(`theme=dark; ${header(pairs)}; last=1`)).toEqual([token(length)]);
      }),
      runs(100),
    );
    expect(parts.split(token(parts.maxLength), undefined)).toHaveLength(4);
  });

  it('come back in any order in the header', () => {
    const pairs = parts.split(token(12_000), undefined);
    expect(parts.join(header(pairs.reverse()))).toEqual([token(12_000)]);
  });

  it('are no token where one is missing, exchanged, or of another token', () => {
    const [pairs, others] = [token(12_000), token(12_000, 7)].map((one) => parts.split(one, undefined));
    expect(pairs).toHaveLength(3);
    for (let lost = 0; lost < 3; lost++) {
      const rest = pairs!.filter((_, index) => index !== lost);
      expect(parts.join(header(rest))).toEqual(lost === 0 ? [] : [pairs![0]![1]]);
      const mixed = pairs!.map((pair, index) => (index === lost ? others![index]! : pair));
      expect(parts.join(header(mixed))).toEqual([mixed[0]![1]]);
    }
    const swapped: CookiePair[] = [pairs![0]!, [`${name}.1`, pairs![2]![1]], [`${name}.2`, pairs![1]![1]]];
    expect(parts.join(header(swapped))).not.toEqual([token(12_000)]);
  });

  it('are found among others of the same names: what belongs together is put together', () => {
    const [one, two] = [token(8_000), token(12_000, 7)];
    const both = header([...parts.split(one, undefined), ...parts.split(two, undefined).reverse()]);
    expect(parts.join(both).sort()).toEqual([one, two].sort());
  });

  it('are no more than are allowed: a head that says so is no token', () => {
    const pairs = parts.split(token(12_000), undefined);
    expect(new CookieParts(name, 2).join(header(pairs))).toEqual([pairs[0]![1]]);
    for (const count of ['0', '1', '9', '44', '-2', 'x', ''])
      expect(parts.join(`${name}=${count}.AAAA`)).toEqual([`${count}.AAAA`]);
  });

  it('are put together for eight heads at most', () => {
    const pairs = parts.split(token(8_000), undefined);
    const heads = Array.from({ length: 100 }, () => pairs[0]!);
    expect(parts.join(header([...heads, pairs[1]!]))).toEqual(Array(8).fill(token(8_000)));
  });

  it('expire what is left of a longer one, and nothing else', () => {
    const before = header([...parts.split(token(12_000), undefined), [`${name}.x`, '1'], ['other.1', '1']]);
    expect(parts.split('short', before)).toEqual([
      [name, 'short'],
      [`${name}.1`, ''],
      [`${name}.2`, ''],
    ]);
    expect(parts.split(token(8_000), before).slice(2)).toEqual([[`${name}.2`, '']]);
    expect(parts.split('', before).map(([part]) => part)).toEqual([name, `${name}.1`, `${name}.2`]);
    expect(parts.split('', undefined)).toEqual([[name, '']]);
  });

  it('of any header at all are texts, and cause no error', () => {
    const value = fc.oneof(fc.stringMatching(/^[2-8]\.[\w-]{0,30}$/), fc.string(), fc.constant(''));
    const names = fc.constantFrom(name, `${name}.1`, `${name}.7`, `${name}.`, 'a');
    fc.assert(
      fc.property(fc.array(fc.tuple(names, value), { maxLength: 20 }), (pairs) => {
        expect(parts.join(header(pairs)).every((one) => typeof one === 'string')).toBe(true);
        expect(parts.split('t', header(pairs)).length).toBeLessThanOrEqual(8);
      }),
      runs(200),
    );
  });
});

it('a single cookie is all there is unless more were asked for', () => {
  const single = new CookieParts('sid', 1);
  expect(single.maxLength).toBe(4093);
  expect(single.join('sid=2.AAAA; sid.1=AAAA.B; sid=C')).toEqual(['2.AAAA', 'C']);
});
