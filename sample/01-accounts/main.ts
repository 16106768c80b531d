import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { runSample } from '../support/run-sample.js';
import { AppModule } from './app.module.js';
import { protect } from './protect.js';

await runSample({
  // Beside the sources: this file runs from `dist/01-accounts`.
  data: fileURLToPath(new URL('../../.data', import.meta.url)),
  async create({ secret, databaseUrl, options }) {
    const app = await NestFactory.create(
      AppModule.forRoot({ databaseUrl: await databaseUrl(), secret }),
      options,
    );
    protect(app);
    return app;
  },
});
