import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from './support/command.js';
import { install, type Installation } from './support/installation.js';

/** Prints what becomes of an application that keeps its sessions in memory, and of stores on packages that are too old. */
const PROGRAM = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SessionModule } from 'nest-session';
import { redisStore } from 'nest-session/redis';
import { typeOrmStore } from 'nest-session/typeorm';

class AppModule {}
Module({ imports: [SessionModule.forRoot({ secret: 'a secret of more than thirty-two bytes' })] })(AppModule);
const app = await (await NestFactory.create(AppModule, { logger: ['warn', 'error'] })).init();
await app.close();

const saysOf = async (make) => {
  try {
    return await make();
  } catch (error) {
    return error.name + ': ' + error.message;
  }
};
console.log(JSON.stringify({
  redis: await saysOf(() => redisStore({ url: 'redis://127.0.0.1:1' }).useFactory()),
  typeorm: await saysOf(() => typeOrmStore()),
}));
`;

describe('an application with packages of its own that the stores would find too old', () => {
  let installed: Installation;
  beforeAll(async () => {
    installed = await install({
      name: 'old packages',
      installer: 'npm',
      dependencies: {
        '@nestjs/common': '^11.0.0',
        '@nestjs/core': '^11.0.0',
        '@nestjs/platform-express': '^11.0.0',
        mysql2: '^2.0.0',
        redis: '^4.7.0',
        'reflect-metadata': '^0.2.0',
        rxjs: '^7.8.0',
        typeorm: '0.3.12',
      },
      applications: [],
    });
  });
  afterAll(() => installed.remove());

  it('is installed, and starts; a store that it cannot use says what it needs', async () => {
    expect(installed.said.split('\n').filter((line) => /peer|ERESOLVE/i.test(line))).toEqual([]);
    writeFileSync(join(installed.folder, 'main.mjs'), PROGRAM);
    const { stdout, stderr } = await run(process.execPath, ['main.mjs'], installed.folder);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      redis: expect.stringMatching(/^SessionOptionsError: redisStore\(\) needs version 5 or later/),
      typeorm: expect.stringMatching(
        /^SessionOptionsError: TypeOrmSessionStore needs TypeORM 0\.3\.20 or later, but 0\.3\.12 is installed/,
      ),
    });
  });
});
