import { clearTimeout, setTimeout } from 'node:timers';
import { LONGEST_DELAY } from '../store/timers.js';

/** Something that happens once. A promise is made of it only when somebody waits. */
export class Moment {
  #isPast = false;
  #waiting: (() => void)[] | undefined;

  get isPast(): boolean {
    return this.#isPast;
  }

  happen(): void {
    this.#isPast = true;
    for (const resolve of this.#waiting ?? []) resolve();
  }

  wait(): Promise<void> {
    if (this.#isPast) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }
}

/** A place in a line: work that begins when the work before it is done. */
export class Place {
  readonly begun = new Moment();
  readonly done = new Moment();
}

/** Waits until a moment has come; false when it has not within so many milliseconds. */
export async function comesWithin(moment: Moment, milliseconds: number): Promise<boolean> {
  if (moment.isPast) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(milliseconds, LONGEST_DELAY)).unref();
  });
  const came = await Promise.race([moment.wait().then(() => true), late]);
  clearTimeout(timer);
  return came;
}
