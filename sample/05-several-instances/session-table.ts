import { CreateSessionTable, SessionEntity } from 'nest-session/typeorm';
import { DataSource } from 'typeorm';

/** Creates the session table if it is missing. This is a step of the deployment, not of each instance. */
export async function makeSessionTable(url: string): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [SessionEntity],
    migrations: [CreateSessionTable],
  });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
}
