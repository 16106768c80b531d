import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { runSample } from '../support/run-sample.js';
import { AppModule } from './app.module.js';
import { EarlyExpressAdapter } from './express.adapter.js';

await runSample({
  // Beside the sources: this file runs from `dist/06-express-adapter`.
  data: fileURLToPath(new URL('../../.data', import.meta.url)),
  async create({ secret, options }) {
    const app = await NestFactory.create(AppModule.forRoot(secret), new EarlyExpressAdapter(), options);
    app.enableCsrfProtection();
    return app;
  },
});
