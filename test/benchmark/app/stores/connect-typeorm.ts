import { type ISession, TypeormStore } from 'connect-typeorm';
import { Column, DataSource, DeleteDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SetUp } from '../setup.js';
import { withExpressSession } from './express-session.js';

/** The entity of connect-typeorm's README. */
@Entity('session')
class StoredSession implements ISession {
  @Index()
  @Column('bigint')
  expiredAt = Date.now();

  @PrimaryColumn('varchar', { length: 255 })
  id = '';

  @Column('text')
  json = '';

  @DeleteDateColumn()
  destroyedAt?: Date;
}

const setUp: SetUp = async (surroundings) => {
  const source = new DataSource({
    type: 'postgres',
    url: surroundings.url,
    entities: [StoredSession],
    synchronize: true,
  });
  await source.initialize();
  const store = new TypeormStore({ cleanupLimit: 2 }).connect(source.getRepository(StoredSession));
  return withExpressSession(surroundings, store, {
    close: () => source.destroy(),
  });
};

export default setUp;
