// Runs the code of pages as applications, one after the other: node serve-pages.mjs <the runs as JSON>
//
// For each it imports the page's files from `folder`, puts the controllers, providers and modules that they export into one module,
// and sends the requests with one cookie jar. It prints the answers of each, or its error, as JSON.
import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-session';
import { cookieFrom, signIn } from 'nest-session/testing';
import { CreateSessionTable, SessionEntity } from 'nest-session/typeorm';

const NEEDS = {
  database: () =>
    TypeOrmModule.forRoot({
      type: 'sqljs',
      entities: [SessionEntity],
      migrations: [CreateSessionTable],
      migrationsRun: true,
    }),
  terminus: () => TerminusModule,
};

const results = [];
for (const run of JSON.parse(process.argv[2]))
  results.push(await answersOf(run).catch(({ stack }) => ({ error: stack })));
console.log(JSON.stringify(results));
// What failed may have left an application open. Otherwise the process ends by itself, or what holds it open shows.
if (results.some(({ error }) => error !== undefined)) process.exit();

async function answersOf({ login, requests = [], ...run }) {
  const app = await NestFactory.create(await moduleOf(run), { logger: ['error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  let cookie = login === undefined ? '' : await signIn(app, login);
  const answers = [];
  for (const [method, path, body] of requests) {
    const response = await fetch((await app.getUrl()) + path, {
      method,
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    cookie = cookieFrom(response, cookie);
    answers.push([response.status, await response.text()]);
  }
  await app.close();
  return { answers };
}

async function moduleOf({ folder, files, needs = [], provide = {} }) {
  const exported = [];
  for (const file of files)
    exported.push(...Object.values(await import(pathToFileURL(join(folder, file)).href)));
  const classes = [...new Set(exported.filter((value) => typeof value === 'function' && isClass(value)))];
  const configured = exported.filter((value) => value?.module === SessionModule);
  const modules = classes.filter((type) => hasOwn(type, 'imports') || hasOwn(type, 'providers'));
  const hasSessions = configured.length > 0 || modules.some((type) => importsSessions(type));

  class Page {}
  Module({
    imports: [
      ...needs.map((name) => NEEDS[name]()),
      ...configured,
      ...(hasSessions ? [] : [SessionModule.forRoot({ secret: process.env.SESSION_SECRET })]),
      ...modules,
    ],
    controllers: classes.filter((type) => hasOwn(type, 'path')),
    providers: classes
      .filter((type) => hasOwn(type, '__injectable__') || type.name in provide)
      .map((type) => (type.name in provide ? { provide: type, useValue: fake(provide[type.name]) } : type)),
  })(Page);
  return Page;
}

function isClass(value) {
  return /^class\b/.test(String(value)) || hasOwn(value, 'path');
}

function hasOwn(type, key) {
  return Reflect.hasOwnMetadata(key, type);
}

function importsSessions(type) {
  return (Reflect.getMetadata('imports', type) ?? []).some((imported) => imported?.module === SessionModule);
}

/** An object whose methods return the given values. */
function fake(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]));
}
