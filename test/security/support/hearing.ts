import type { LoggerService } from '@nestjs/common';
import { jest } from '@jest/globals';

/** Whatever is said anywhere: to the console, to the standard streams, and to the log of the application. */
export class Hearing {
  readonly said: string[] = [];
  readonly logger: Required<Omit<LoggerService, 'setLogLevels'>>;
  readonly #spies: { mockRestore(): void }[] = [];

  constructor() {
    const say = (...words: unknown[]): void => void this.said.push(words.map(textOf).join(' '));
    this.logger = { log: say, error: say, warn: say, debug: say, verbose: say, fatal: say };
    for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const)
      this.#spies.push(jest.spyOn(console, method).mockImplementation(say));
    for (const stream of [process.stdout, process.stderr])
      this.#spies.push(jest.spyOn(stream, 'write').mockImplementation((chunk) => (say(chunk), true)));
  }

  get everything(): string {
    return this.said.join('\n');
  }

  end(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }
}

/** All that a log could show of a value. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value);
  const { cause } = value;
  return `${value.stack} ${JSON.stringify(value)} ${cause === undefined ? '' : textOf(cause)}`;
}
