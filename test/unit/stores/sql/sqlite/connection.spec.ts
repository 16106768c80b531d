import { describe, expect, it } from '@jest/globals';
import { SqliteConnection } from '../../../../../lib/stores/sql/sqlite/sqlite.connection.js';

describe('a statement that SQLite refuses for a lock', () => {
  it.each(['database is locked', 'database table is locked', 'database schema is locked: main'])(
    'is sent again after "%s"',
    async (message) => {
      let sent = 0;
      const send = (): unknown[] => {
        if (++sent === 1) throw new Error(message);
        return [{ key: 'k' }];
      };
      const { run } = new SqliteConnection(() => ({ inTransaction: false, send }));
      expect(await run('SELECT 1', [])).toEqual([{ key: 'k' }]);
      expect(sent).toBe(2);
    },
  );

  it('is not sent again after another error', async () => {
    let sent = 0;
    const send = (): unknown[] => {
      sent++;
      throw new Error('disk I/O error');
    };
    const { run } = new SqliteConnection(() => ({ inTransaction: false, send }));
    await expect(run('SELECT 1', [])).rejects.toThrow('disk I/O error');
    expect(sent).toBe(1);
  });
});
