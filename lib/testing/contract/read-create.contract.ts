import assert from 'node:assert/strict';
import type { ContractTest } from './declarations.js';
import {
  assertRecord,
  created,
  keysOf,
  newKey,
  newRecord,
  newRecords,
  newToken,
  readOne,
} from './records.js';

/** The largest number of a signed column of 32 bits. */
const LARGEST_EPOCH = 2 ** 31 - 1;

export function readAndCreateContract(test: ContractTest): void {
  test('answers undefined for a key it does not know', async (store) => {
    assert.equal(await readOne(store, newKey()), undefined);
  });

  test('answers no questions with no answers', async (store) => {
    assert.deepEqual([...(await store.read([]))], []);
    assert.deepEqual([...(await store.create([]))], []);
    assert.deepEqual([...(await store.update([]))], []);
    assert.deepEqual([...(await store.delete([]))], []);
  });

  test('answers in the order of the keys', async (store) => {
    const [a, b, c] = [newRecord(), newRecord(), newRecord()];
    await created(store, [a, b, c]);
    const unknown = newKey();
    const answers = await store.read([c.key, unknown, a.key, b.key]);
    assert.deepEqual(keysOf(answers), [c.key, undefined, a.key, b.key]);
  });

  test('answers a key that is asked for twice in one call both times', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    const answers = await store.read([record.key, newKey(), record.key]);
    assert.deepEqual(keysOf(answers), [record.key, undefined, record.key]);
  });

  test('keeps a record whose nullable fields are null', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    assertRecord(await readOne(store, record.key), record);
  });

  test('keeps a record whose nullable fields are set', async (store) => {
    const record = newRecord({
      previousToken: newToken(),
      previousUntil: Date.now() + 30_000,
      meta: '{"flash":{}}',
      userId: 'user:ünïcode/42',
      authenticatedAt: Date.now() - 5,
      ip: '2001:db8:ffff:ffff:ffff:ffff:255.255.255.255',
      userAgent: 'Mozilla/5.0 (quote " backslash \\ brace {} comma , percent %) '.padEnd(512, 'x'),
    });
    await created(store, [record]);
    assertRecord(await readOne(store, record.key), record);
  });

  test('keeps every millisecond of a time and every digit of a number, however large', async (store) => {
    const record = newRecord({
      version: Number.MAX_SAFE_INTEGER,
      epoch: LARGEST_EPOCH,
      previousToken: newToken(),
      previousUntil: Number.MAX_SAFE_INTEGER,
      createdAt: 1,
      lastSeenAt: 1_763_712_000_123,
      expiresAt: 8_640_000_000_000_000,
      authenticatedAt: Number.MAX_SAFE_INTEGER,
    });
    await created(store, [record]);
    assertRecord(await readOne(store, record.key), record);
  });

  test('keeps the smallest numbers', async (store) => {
    const previous = { previousToken: newToken(), previousUntil: 0 };
    const times = { createdAt: 0, lastSeenAt: 0, authenticatedAt: 0 };
    const record = newRecord({ version: 0, epoch: 0, ...previous, ...times });
    await created(store, [record]);
    assertRecord(await readOne(store, record.key), record);
  });

  test('takes keys of 22 and of 43 characters, and tells upper from lower case', async (store) => {
    const keys = ['Aa_-Aa_-Aa_-Aa_-Aa_-A0', 'Aa_-'.repeat(10) + 'A0_'];
    const records = keys.flatMap((key) => [
      newRecord({ key }),
      newRecord({ key: key.toLowerCase() }),
      newRecord({ key: key.toUpperCase() }),
    ]);
    await created(store, records);
    const answers = await store.read(records.map(({ key }) => key));
    records.forEach((record, index) => assertRecord(answers[index], record));
    assert.equal(await readOne(store, keys[0]!.slice(0, -1)), undefined);
  });

  test('finds a record by nothing but its key', async (store) => {
    const record = newRecord({ previousToken: newToken(), previousUntil: Date.now() + 30_000 });
    await created(store, [record]);
    const answers = await store.read([record.token, record.previousToken!]);
    assert.deepEqual(keysOf(answers), [undefined, undefined]);
  });

  test('keeps records apart that have the same tokens', async (store) => {
    const tokens = { token: newToken(), previousToken: newToken(), previousUntil: Date.now() + 30_000 };
    const [one, other] = [newRecord(tokens), newRecord(tokens)];
    await created(store, [one, other]);
    assertRecord(await readOne(store, one.key), one);
    assertRecord(await readOne(store, other.key), other);
  });

  test('refuses a key that exists and leaves its record as it was', async (store) => {
    const record = newRecord();
    await created(store, [record]);
    assert.deepEqual(
      [...(await store.create([{ ...newRecord({ userId: 'other' }), key: record.key }]))],
      [false],
    );
    assertRecord(await readOne(store, record.key), record);
  });

  test('answers the creation of new and known keys in order', async (store) => {
    const known = newRecord();
    const [first, last] = [newRecord(), newRecord()];
    await created(store, [known]);
    const other = newRecord({ key: known.key });
    assert.deepEqual([...(await store.create([first, other, last]))], [true, false, true]);
    assert.deepEqual(keysOf(await store.read([first.key, last.key])), [first.key, last.key]);
  });

  test('takes 300 records in one call', async (store) => {
    const records = newRecords(300).map((record, n) => ({ ...record, data: JSON.stringify({ n }) }));
    await created(store, records);
    const answers = await store.read(records.map(({ key }) => key));
    assert.equal(answers.length, 300);
    records.forEach((record, index) => assertRecord(answers[index], record));
  });

  test('stores the good records of a call when the database refuses one', async (store) => {
    const [first, last] = [newRecord(), newRecord()];
    const bad = newRecord({ userId: 'u'.repeat(100_000) });
    const [one, refused, two] = await store.create([first, bad, last]);
    assert.deepEqual([one, two], [true, true]);
    assert.ok(refused === true || refused instanceof Error, 'a refused record is answered with its error');
    const answers = await store.read([first.key, bad.key, last.key]);
    assertRecord(answers[0], first);
    assert.equal(answers[1] !== undefined, refused === true);
    assertRecord(answers[2], last);
  });
}
