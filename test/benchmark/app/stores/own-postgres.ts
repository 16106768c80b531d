import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-session';
import { CreateSessionTable, SessionEntity, typeOrmStore } from 'nest-session/typeorm';
import type { SetUp } from '../setup.js';

const setUp: SetUp = ({ secret, url, options: { pruneInterval, ...options } }) => ({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url,
      entities: [SessionEntity],
      migrations: [CreateSessionTable],
      migrationsRun: true,
    }),
    SessionModule.forRoot({
      secret,
      store: typeOrmStore(pruneInterval ? { pruneInterval: Number(pruneInterval) } : {}),
      ...options,
    }),
  ],
});

export default setUp;
