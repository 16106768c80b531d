import { expect, it } from '@jest/globals';
import { SessionOptionsError } from '../../../../lib/index.js';
import { requireTypeOrm } from '../../../../lib/stores/typeorm/typeorm-version.js';

it.each(['0.3.20', '0.3.31', '0.4.0-dev.1', '1.0.0', '1.1.1', '10.0.0', undefined])(
  'TypeORM %s is new enough',
  (version) => {
    expect(() => requireTypeOrm(version)).not.toThrow();
  },
);

it.each(['0.2.45', '0.3.0', '0.3.19', '0.0.9'])('TypeORM %s is not, and that is said', (version) => {
  expect(() => requireTypeOrm(version)).toThrow(SessionOptionsError);
  expect(() => requireTypeOrm(version)).toThrow(`needs TypeORM 0.3.20 or later, but ${version} is installed`);
});
