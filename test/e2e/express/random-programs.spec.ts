import { describe, afterEach, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PATIENCE, runs } from '../../support/property.js';
import { EXPRESS_SESSION, NEST_SESSION, stopServers } from './support/peers.js';
import { type Program, programs, run, type Seen, type StepName } from './support/programs.js';

describe('random programs', () => {
  afterEach(async () => {
    jest.useRealTimers();
    await stopServers();
  });

  /**
   * What differs on purpose, as the table "Intended differences" of docs/moving-from-express-session.md has it: programs that
   * come upon it are passed over. Each has a program that shows it. Headers other than Set-Cookie, and what the programs cannot say, are not compared at
   * all.
   */
  const ON_PURPOSE: readonly {
    readonly why: string;
    readonly meets: (program: Program, theirs: readonly Seen[]) => boolean;
    readonly shown: Program;
  }[] = [
    {
      why: 'req.session.cookie = { … }: becomes a Cookie, where express-session keeps an object without methods or attributes',
      meets: doing('cookie = {maxAge: 45s}'),
      shown: programOf(['n++', 'cookie = {maxAge: 45s}']),
    },
    {
      why: 'changes of the cookie settings alone: set() rather than touch(), so that a store without touch() has them, too',
      meets: (program) =>
        (!program.touches && doing(/^cookie\./)(program)) ||
        inOne(/(save|store.destroy|wait).*cookie|cookie.*(store.destroy|wait)/)(program),
      shown: { ...programOf(['n++'], ['cookie.sameSite = strict']), touches: false },
    },
    {
      why: 'save() of a session that holds nothing, with saveUninitialized: false: its row has a cookie here',
      meets: (program, theirs) => leaveOrphans(theirs) || inOne(/save.*store.destroy/)(program),
      shown: programOf(['save']),
    },
    {
      why: 'the end of a request that has saved by hand: no touch() on top, so that time which passes in between is not counted',
      meets: inOne(/save.*wait/),
      shown: programOf(['n++'], ['save', 'wait 20s']),
    },
    {
      why: 'save() begins the life of the cookie and of the row anew, as the end of the request does',
      meets: inOne(/wait.*save/),
      shown: programOf(['n++', 'wait 20s', 'save']),
    },
    {
      why: 'a change that is saved and then taken back: the cookie is sent for it all the same',
      meets: inOne(
        /(delete|n = 1).*save.*(delete|n\+\+|n = 1|a = |a\.)|(n\+\+|a = |a\.|text|nothing).*save.*(delete|n = 1)/,
      ),
      shown: programOf(['n = 1'], ['n++', 'save', 'n = 1']),
    },
    {
      why: 'a session that is saved and then unset (unset: "keep"): the cookie is sent, since the row is there',
      meets: inOne(/save.*(session = |delete session)/),
      shown: programOf(['n++'], ['n++', 'save', 'session = null']),
    },
    {
      why: 'a session is stored before the first byte leaves, not after the last: what is more than a change of data comes too late',
      meets: inOne(/wait.*write|write.*(wait|delete|session|regenerate|destroy|cookie|save|reload|put)/),
      shown: programOf(['n++', 'write', 'session = null']),
    },
    {
      why: 'a session that was destroyed stays so, also where the application puts its object back',
      meets: inOne(/destroy.*put it back/),
      shown: programOf(['n++'], ['n++', 'destroy', 'put it back']),
    },
    {
      why: 'a session that reload() finds gone stays so: neither its changes nor its cookie come after that',
      meets: (program) =>
        inOne(/(store.destroy|wait).*reload/)(program) ||
        (program.options.cookie.maxAge === 0 && doing('reload')(program)),
      shown: programOf(['n++'], ['store.destroy', 'reload', 'n++']),
    },
  ];

  /** A program of one browser, whose requests are given by their steps. */
  function programOf(...requests: StepName[][]): Program {
    return {
      options: { resave: false, saveUninitialized: false, cookie: { maxAge: 60_000 } },
      counts: true,
      touches: true,
      requests: requests.map((steps) => ({
        cookie: 'own',
        tls: true,
        steps,
        answer: 'end',
        beside: false,
      })),
    };
  }

  /** Whether there is ever a row to which no cookie leads that was sent. */
  function leaveOrphans(seen: readonly Seen[]): boolean {
    const sent: string[] = [];
    return seen.some(({ setCookies, rows }) => {
      sent.push(...setCookies);
      return Object.keys(rows).some((id) => !sent.some((line) => line.startsWith(`connect.sid=s%3A${id};`)));
    });
  }

  /** Whether the steps of one request, one after the other, are such. */
  function inOne(course: RegExp): (program: Program) => boolean {
    return ({ requests }) => requests.some(({ steps }) => course.test(steps.join()));
  }

  function doing(what: StepName | RegExp): (program: Program) => boolean {
    const isIt = (step: StepName): boolean => (what instanceof RegExp ? what.test(step) : what === step);
    return ({ requests }) => requests.some(({ steps }) => steps.some(isIt));
  }

  it(
    'whatever a program calls, it is answered and stored as by express-session',
    async () => {
      await fc.assert(
        fc.asyncProperty(programs, async (program) => {
          const theirs = await run(EXPRESS_SESSION, program);
          fc.pre(!ON_PURPOSE.some(({ meets }) => meets(program, theirs)));
          const ours = await run(NEST_SESSION, program);
          expect(ours).toEqual(theirs);
        }),
        runs(1_500),
      );
    },
    PATIENCE,
  );

  it.each(ON_PURPOSE)('differs on purpose: $why', async ({ meets, shown }) => {
    const theirs = await run(EXPRESS_SESSION, shown);
    expect(meets(shown, theirs)).toBe(true);
    expect(await run(NEST_SESSION, shown)).not.toEqual(theirs);
  });
});
