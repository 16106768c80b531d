import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { TRIES_ALL } from '../support/scope.js';
import type { Backend } from '../support/site.js';
import type { Kind } from './support/scene.js';
import { rowsOf } from './support/table.js';
import './support/watched-crypto.js'; // before anything of lib is imported

const { ATTACKS } = await import('./attacks/index.js');
const { Scene } = await import('./support/scene.js');
const { BACKENDS, ...site } = await import('../support/site.js');

/** Usually one store that takes a round trip and keeps rows, and with TEST_SCOPE=all every store. */
const KINDS = TRIES_ALL ? site.KINDS : (['postgres'] as const);

const rows = rowsOf(readFileSync(new URL('../../docs/tested/security.md', import.meta.url), 'utf8'));

/** Walks the tables of that page: each row says what holds, and the attack of its name tries to break that. */
describe('docs/tested/security.md', () => {
  const backends = new Map<Kind, Backend>();

  beforeAll(async () => {
    for (const kind of KINDS) backends.set(kind, await BACKENDS[kind]());
  });
  afterAll(async () => {
    for (const backend of backends.values()) await backend.close();
  });

  it('has a row for each attack, and an attack for each row', () => {
    const attacks = Object.entries(ATTACKS).flatMap(([file, all]) =>
      Object.keys(all).map((name) => `${file}: ${name}`),
    );
    expect(rows.map(({ file, attack }) => `${file}: ${attack}`).sort()).toEqual(attacks.sort());
  });

  it('says in each row what it is about, and what is done', () => {
    for (const { statement, does, attack } of rows) {
      expect([attack, statement.length > 0, does.length > 20]).toEqual([attack, true, true]);
      for (const [id] of attack.matchAll(/\b(CVE-[\d-]+|GHSA[\w-]+|\d+\.\d+\.\d+)\b/g))
        expect([attack, statement]).toEqual([attack, expect.stringContaining(id)]);
    }
  });

  describe.each(rows)('$attack', ({ file, attack }) => {
    it.each(KINDS)('%s', async (kind) => {
      const scene = new Scene(kind, backends.get(kind)!);
      try {
        await ATTACKS[file]![attack]!(scene);
      } finally {
        await scene.close();
      }
    });
  });
});
