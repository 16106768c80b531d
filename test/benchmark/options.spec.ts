import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';
import { baselineOf } from './variants.js';

const namesOf = (...args: string[]) => readOptions(args)?.variants.map(({ name }) => name);

describe('readOptions', () => {
  it('adds what shares are of, for each adapter', () => {
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
    for (const part of [['--smoke'], ['--only', 'memory'], ['--routes', 'read'], ['--scenarios', 'lone']]) {
      expect(readOptions(part)?.out).toBeUndefined();
    }
    expect(readOptions(['--smoke', '--out', '/there'])?.out).toBe('/there');
  });

  it('measures nothing but routes for whoever names variants or routes', () => {
    expect(readOptions(['--routes', 'read'])?.scenarios).toEqual(['routes']);
    expect(readOptions(['--only', 'memory', '--scenarios', 'lone'])?.scenarios).toEqual(['lone']);
  });

  it('may be told not to measure latency', () => {
    expect(readOptions(['--rate', '0'])?.rate).toBe(0);
  });

  it.each([
    [['--only', 'nobody'], /--only knows no "nobody"/],
    [['--rounds', '0'], /--rounds/],
    [['--seconds', 'many'], /--seconds/],
    [['--unknown'], /unknown/],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('is nothing where only the usage is wanted', () => {
    expect(readOptions(['--help'])).toBeUndefined();
  });
});
