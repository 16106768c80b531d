/** How the code of a page is run: which of its files form an application, and what it answers. */
export interface PageRun {
  readonly page: string;
  /** The files of the page; of fragments, the number: `block-2.ts`. */
  readonly files: readonly string[];
  /** The user who is signed in, with session data. */
  readonly login?: Readonly<Record<string, unknown>>;
  /** What the application has besides the page. */
  readonly needs?: readonly ('database' | 'terminus')[];
  /** Providers that the reader has to write, by name: the results of their methods. */
  readonly provide?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly requests?: readonly (readonly [method: string, path: string, body?: unknown])[];
  /** The status of each answer, with its body where that matters. */
  readonly answers?: readonly (number | readonly [status: number, body: unknown])[];
}

const ADA = { userId: 'ada' };

export const RUNS: readonly PageRun[] = [
  {
    page: 'docs/getting-started.md',
    files: ['session-data.ts', 'cart.controller.ts'],
    requests: [
      ['GET', '/cart'],
      ['POST', '/cart', { sku: 'ink', amount: 2 }],
      ['GET', '/cart'],
    ],
    answers: [[200, []], 201, [200, [{ sku: 'ink', amount: 2 }]]],
  },
  {
    page: 'docs/sessions.md',
    files: ['counter.controller.ts'],
    requests: [
      ['POST', '/counter'],
      ['GET', '/counter'],
      ['GET', '/counter/notices'],
      ['GET', '/counter/notices'],
      ['GET', '/counter/id'],
    ],
    answers: [201, [200, { visits: 1, theme: 'light' }], [200, ['Visit number 1']], [200, []], [200, 66]],
  },
  {
    page: 'docs/guards-and-login.md',
    files: ['users.ts', 'auth.controller.ts', 'account.controller.ts', 'login.guard.ts'],
    requests: [
      ['GET', '/account'],
      ['POST', '/login', { name: 'ada', password: 'lovelace' }],
      ['GET', '/account'],
      ['POST', '/account/password'],
      ['GET', '/account/admin'],
      ['POST', '/logout'],
      ['GET', '/account'],
    ],
    answers: [401, 201, [200, { userId: 'ada' }], 201, 403, 201, 401],
  },
  {
    page: 'docs/devices.md',
    files: ['devices.controller.ts'],
    login: ADA,
    requests: [
      ['GET', '/devices'],
      ['DELETE', '/devices/others'],
      ['DELETE', '/devices/unknown'],
    ],
    answers: [200, [200, 0], 404],
  },
  {
    page: 'docs/lifetimes.md',
    files: ['remember-me.ts', 'session-expiry.controller.ts'],
    login: ADA,
    requests: [
      ['GET', '/session/expiry'],
      ['POST', '/session/stay'],
    ],
    answers: [200, 201],
  },
  {
    page: 'docs/step-up.md',
    files: ['second-factor.ts', 'second-factor.controller.ts'],
    login: ADA,
    requests: [
      ['GET', '/payouts'],
      ['POST', '/second-factor/setup'],
      ['POST', '/second-factor', { code: '12345' }],
    ],
    answers: [401, 201, 401],
  },
  {
    page: 'docs/acting.md',
    files: ['support.controller.ts'],
    login: { userId: 'staff', level: 2, roles: ['support'] },
    requests: [
      ['POST', '/support/act-as/ada'],
      ['POST', '/support/act-as/bob'],
      ['POST', '/support/stop'],
    ],
    answers: [201, 403, 201],
  },
  {
    page: 'docs/csrf.md',
    files: ['transfer.controller.ts'],
    requests: [
      ['GET', '/transfer'],
      ['POST', '/transfer'],
      ['POST', '/transfer/webhook'],
    ],
    answers: [200, [201, 'sent'], [201, 'received']],
  },
  { page: 'docs/data.md', files: ['session-data.ts', 'checked.module.ts'] },
  {
    page: 'docs/events-metrics-health.md',
    files: ['audit-log.ts', 'session-metrics.ts', 'session-telemetry.ts', 'health.controller.ts'],
    needs: ['terminus'],
    login: ADA,
    requests: [['GET', '/health']],
    answers: [200],
  },
  {
    page: 'docs/passport.md',
    files: ['sign-in-with-provider.controller.ts'],
    provide: {
      Provider: {
        begin: { url: 'https://provider.example/', state: 's', verifier: 'v' },
        finish: { userId: 'ada' },
      },
    },
    requests: [
      ['GET', '/sign-in'],
      ['GET', '/sign-in/callback?code=c&state=other'],
      ['GET', '/sign-in/callback?code=c&state=s'],
      ['GET', '/sign-in/callback?code=c&state=s'],
    ],
    answers: [302, 401, 302, 401],
  },
  { page: 'docs/several-modules.md', files: ['block-1.ts'] },
  { page: 'docs/csrf.md', files: ['block-2.ts'] },
  { page: 'docs/lifetimes.md', files: ['block-1.ts'] },
  { page: 'docs/lifetimes.md', files: ['background.ts'] },
  { page: 'docs/policies.md', files: ['block-1.ts'] },
  { page: 'docs/device-bound.md', files: ['block-1.ts'], needs: ['database'] },
  { page: 'docs/encryption.md', files: ['block-1.ts'], needs: ['database'] },
  { page: 'docs/spa-and-mobile.md', files: ['block-2.ts'] },
  { page: 'docs/spa-and-mobile.md', files: ['block-4.ts'] },
  { page: 'docs/stores/cookie.md', files: ['block-1.ts'] },
  { page: 'docs/stores/memory.md', files: ['block-1.ts'] },
];
