import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { runSample } from '../support/run-sample.js';
import { AppModule } from './app.module.js';

await runSample({
  // Beside the sources: this file runs from `dist/07-second-factor`.
  data: fileURLToPath(new URL('../../.data', import.meta.url)),
  async create({ secret, options }) {
    const app = await NestFactory.create(AppModule.forRoot(secret), options);
    app.enableCsrfProtection();
    return app;
  },
});
