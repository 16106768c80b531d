import type { SessionModuleOptions } from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { SessionRuntime } from '../../lib/session.runtime.js';
import { type AnySession, tokenAfter, Visit } from '../unit/core/support/world.js';
import { type Backend, SECRET } from './site.js';

/** The engine of an application on a store, with no HTTP before it. */
export class Direct {
  readonly runtime: SessionRuntime;

  constructor({ store }: Backend, options: Partial<SessionModuleOptions> = {}) {
    this.runtime = new SessionRuntime(resolveOptions({ secret: SECRET, ...options }), store);
  }

  /** A request that brings this cookie, its session loaded. */
  async begin(token?: string): Promise<Visit & { readonly session: AnySession }> {
    const { engine } = this.runtime;
    const visit = new Visit(engine, {});
    visit.state = await engine.open(token === undefined ? [] : [token], visit);
    return visit;
  }

  /** One request from beginning to end; answers the cookie it leaves. */
  async request(
    token: string | undefined,
    work: (session: AnySession) => unknown,
  ): Promise<string | undefined> {
    const visit = await this.begin(token);
    await work(visit.session);
    return tokenAfter(token, await visit.commit());
  }

  /** What a next request finds in its session. */
  async peek(token: string | undefined): Promise<Record<string, unknown>> {
    return { ...(await this.begin(token)).session };
  }
}
