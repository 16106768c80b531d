import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';
import { baselineOf } from './variants.js';

const namesOf = (...args: string[]) => readOptions(args)?.variants.map(({ name }) => name);

describe('readOptions', () => {
  it('adds what costs are compared with, for each adapter', () => {
    expect(namesOf('--only', 'memory')).toEqual(['none', 'memory']);
    expect(namesOf('--only', 'fastify-memory,postgres')).toEqual([
      'none',
      'postgres',
      'fastify-none',
      'fastify-memory',
    ]);
  });

  it('puts the variants of another checkout before its own', () => {
    expect(namesOf('--only', 'memory,express-memory', '--before', '/before')).toEqual([
      'none',
      'express-memory',
      'memory@before',
      'memory',
    ]);
  });

  it('puts the same on the adapter of the sample behind each variant of Express', () => {
    const args = ['--only', 'memory,fastify-memory', '--sample-adapter'];
    expect(namesOf(...args)).toEqual([
      'none',
      'none+adapter',
      'memory',
      'memory+adapter',
      'fastify-none',
      'fastify-memory',
    ]);
    const variants = readOptions(args)!.variants;
    expect(variants.map((variant) => baselineOf(variant).name)).toEqual([
      ...['none', 'none+adapter', 'none', 'none+adapter', 'fastify-none', 'fastify-none'],
    ]);
    expect(readOptions(['--sample-adapter'])?.out).toBeUndefined();
  });

  it('keeps results of the whole benchmark only, unless it is told where', () => {
    expect(readOptions([])?.out).toBe('test/benchmark/results');
    for (const part of [
      ['--smoke'],
      ['--only', 'memory'],
      ['--routes', 'read'],
      ['--scenarios', 'memory'],
      ['--quick'],
    ]) {
      expect(readOptions(part)?.out).toBeUndefined();
    }
    expect(readOptions(['--smoke', '--out', '/there'])?.out).toBe('/there');
  });

  it('measures nothing but routes for whoever names variants or routes', () => {
    expect(readOptions(['--routes', 'read'])?.scenarios).toEqual(['routes']);
    expect(readOptions(['--only', 'memory', '--scenarios', 'latency'])?.scenarios).toEqual(['latency']);
  });

  it('measures what takes very long only where it is asked for', () => {
    expect(readOptions([])?.scenarios).toEqual(['routes', 'latency', 'memory', 'pruning']);
    expect(readOptions(['--scenarios', 'soak,scale', '--stores', 'redis'])).toMatchObject({
      scenarios: ['scale', 'soak'],
      stores: ['redis'],
    });
  });

  it('makes the short table of one round that reads and changes', () => {
    const options = readOptions(['--quick'])!;
    expect(options).toMatchObject({ scenarios: ['routes'], routes: ['read', 'change'], rounds: 1 });
    const names = options.variants.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['least-postgres', 'pg-simple', 'fastify-none']));
    expect(names).not.toContain('connect-typeorm');
    expect(options.variants.find(({ name }) => name === 'postgres-lazy')?.routes).toEqual(['none']);
  });

  it('runs applications with the Node.js it runs with, and then with others', () => {
    expect(readOptions([])?.nodes).toEqual([process.execPath]);
    expect(readOptions(['--node', '/n24/node, /n26/node'])?.nodes).toEqual([
      process.execPath,
      '/n24/node',
      '/n26/node',
    ]);
  });

  it.each([
    [['--only', 'nobody'], /--only knows no "nobody"/],
    [['--rounds', '0'], /--rounds/],
    [['--seconds', 'many'], /--seconds/],
    [['--rate', '0'], /--rate/],
    [['--stores', 'oracle'], /--stores knows no "oracle"/],
    [['--unknown'], /unknown/],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('is nothing where only the usage is wanted', () => {
    expect(readOptions(['--help'])).toBeUndefined();
  });
});
