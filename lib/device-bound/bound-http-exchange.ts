import type { Commit } from '../core/engine/session-engine.js';
import type { SessionState } from '../core/request/session-state.js';
import { HttpExchange } from '../http/http-exchange.js';
import type { SessionHeaders } from '../http/session-headers.js';

/** A request where sessions are bound to devices: its response may ask the browser for that. */
export class BoundHttpExchange extends HttpExchange {
  protected override headersOf(commit: Commit, state: SessionState): SessionHeaders | undefined {
    const headers = super.headersOf(commit, state);
    const device = this.context.devices?.headersFor(commit, state, this.request);
    if (device === undefined) return headers;
    return {
      setCookie: [...(headers?.setCookie ?? []), ...device.setCookie],
      clearSiteData: headers?.clearSiteData,
      registration: device.registration,
    };
  }
}
