import { jest } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SessionEntity } from '../../../../../lib/stores/typeorm/index.js';

export type MysqlOptions = Partial<Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>>;

/** Opens a `DataSource` with the session's entity. */
export async function connectMysql(url: string, options: MysqlOptions = {}): Promise<DataSource> {
  return new DataSource({
    type: 'mariadb',
    url,
    entities: [SessionEntity],
    ...options,
  }).initialize();
}

export interface Sent {
  readonly sql: string;
  readonly values: readonly unknown[];
}

type Done = (error: Error | null, result?: unknown) => void;

interface Connection {
  query(options: Sent, done: Done): unknown;
  release(): void;
  destroy(): void;
}

export interface Watched {
  readonly sent: Sent[];
  readonly errors: unknown[];
  /** How many connections were in use at once, and how many were thrown away. */
  mostInUse: number;
  destroyed: number;
}

/**
 * Notes what the store does with the connections it is given. `answer` may answer a statement itself, and a statement is sent
 * when `before` has done its work.
 */
export function watchMysql(
  dataSource: DataSource,
  answer?: (sent: Sent, count: number) => Error | unknown[] | undefined,
  before?: (sent: Sent) => Promise<unknown>,
): Watched {
  const driver = dataSource.driver as unknown as { obtainMasterConnection(): Promise<Connection> };
  const obtain = driver.obtainMasterConnection.bind(driver);
  const watched: Watched = { sent: [], errors: [], mostInUse: 0, destroyed: 0 };
  let inUse = 0;
  jest.spyOn(driver, 'obtainMasterConnection').mockImplementation(async () => {
    const connection = await obtain();
    watched.mostInUse = Math.max(watched.mostInUse, ++inUse);
    return {
      query(options, done) {
        watched.sent.push(options);
        const told = answer?.(options, watched.sent.length);
        if (told instanceof Error) return done(told);
        if (told !== undefined) return done(null, told);
        const send = (): void => {
          connection.query(options, (error, result) => {
            if (error !== null) watched.errors.push(error);
            done(error, result);
          });
        };
        if (before === undefined) return send();
        return void before(options).then(send, done);
      },
      release() {
        inUse--;
        connection.release();
      },
      destroy() {
        inUse--;
        watched.destroyed++;
        connection.destroy();
      },
    };
  });
  return watched;
}

/** The first words of statements, but for those around a transaction. */
export function kinds({ sent }: Watched): string[] {
  return sent
    .map(({ sql }) => sql.split(' ')[0]!)
    .filter((word) => !['SET', 'START', 'COMMIT'].includes(word));
}
