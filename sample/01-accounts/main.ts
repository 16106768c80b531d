import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { runSample } from '../support/run-sample.js';
import { AppModule } from './app.module.js';
import { protect } from './protect.js';

/** `npm run start:https` */
const https = process.argv.includes('--https');

await runSample({
  // Beside the sources: this file runs from `dist/01-accounts`.
  data: fileURLToPath(new URL('../../.data', import.meta.url)),
  https,
  async create({ secret, databaseUrl, options }) {
    const app = await NestFactory.create(
      AppModule.forRoot({ databaseUrl: await databaseUrl(), secret, https }),
      options,
    );
    protect(app);
    return app;
  },
});
