import type { ContractTest } from './declarations.js';
import { assertRecord, changeOf, created, newRecord, readOne } from './records.js';

const TEXTS: Record<string, string> = {
  'an empty object': '{}',
  'every kind of JSON value': '{"s":"","n":-0.5e-7,"t":true,"f":false,"z":null,"a":[],"o":{"a":[1,[2,{}]]}}',
  'white space as it was written': '{ "a" :\n\t1 , "a": 2 }',
  'letters of many scripts': '{"ключ":"значение","鍵":"値","مفتاح":"قيمة","e\u0301":"é"}',
  emoji: '{"👩‍👩‍👧‍👦":"🧵𝒳🏳️‍🌈"}',
  'an escaped NUL': String.raw`{"nul":"a\u0000b"}`,
  'escaped lone surrogates': String.raw`{"high":"\ud83d","low":"\ude00","turned":"\ude00\ud83d"}`,
  'quotes, backslashes and SQL': String.raw`{"q":"\"'\\'';--$1 %s {a,\"b\"} NULL","$1":"\\x00"}`,
  'control and line separator characters': '{"c":"\\u0001\\u001f\u007f\u0085\u2028\u2029\ufeff"}',
  'keys of the prototype': '{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":null}',
  'numbers that are not exact': '{"big":123456789012345678901234567890,"long":0.1000000000000000055511}',
  'a mebibyte': JSON.stringify({ text: 'x"\\é👍'.repeat(1024 * 128).slice(0, 1024 * 1024) }),
};

export function textContract(test: ContractTest): void {
  for (const [what, text] of Object.entries(TEXTS)) {
    test(`keeps ${what} byte for byte`, async (store) => {
      const record = newRecord({ data: text, meta: text });
      await created(store, [record]);
      assertRecord(await readOne(store, record.key), record);
      const emptied = changeOf(record, { data: '{}', meta: null });
      await store.update([emptied]);
      const restored = changeOf(emptied.next, { data: text, meta: text });
      await store.update([restored]);
      assertRecord(await readOne(store, record.key), restored.next);
    });
  }
}
