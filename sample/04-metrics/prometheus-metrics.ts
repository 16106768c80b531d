import { Injectable } from '@nestjs/common';
import { SessionEvents, SessionService } from 'nest-session';
import { Counter, Gauge, Registry } from 'prom-client';
import { DESTROYED_REASONS, REJECTED_REASONS, ROTATED_REASONS } from './reasons.js';

/**
 * Metrics about sessions for Prometheus, from `SessionEvents`. The subscriptions end with the application, and a
 * subscriber that throws does not affect requests.
 *
 * The only label is `reason`, which has few values. Do not use a handle, a user's id or an address as a label: each
 * value creates a separate series, and the metrics would contain personal data.
 */
@Injectable()
export class PrometheusMetrics {
  constructor(registry: Registry, events: SessionEvents, sessions: SessionService) {
    const registers = [registry];

    const created = new Counter({
      name: 'nest_session_created_total',
      help: 'Sessions stored for the first time.',
      registers,
    });
    events.on('created').subscribe(() => created.inc());

    const loaded = new Counter({
      name: 'nest_session_loaded_total',
      help: 'Requests that came with a session.',
      registers,
    });
    events.on('loaded').subscribe(() => loaded.inc());

    const rotated = new Counter({
      name: 'nest_session_rotated_total',
      help: 'Sessions that were given a new id.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of ROTATED_REASONS) rotated.inc({ reason }, 0);
    events.on('rotated').subscribe(({ reason }) => rotated.inc({ reason }));

    const destroyed = new Counter({
      name: 'nest_session_destroyed_total',
      help: 'Sessions that were ended.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of DESTROYED_REASONS) destroyed.inc({ reason }, 0);
    events.on('destroyed').subscribe(({ reason }) => destroyed.inc({ reason }));

    const rejected = new Counter({
      name: 'nest_session_rejected_total',
      help: 'Session cookies that were not accepted.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of REJECTED_REASONS) rejected.inc({ reason }, 0);
    events.on('rejected').subscribe(({ reason }) => rejected.inc({ reason }));

    const bound = new Counter({
      name: 'nest_session_bound_total',
      help: 'Sessions that were bound to their device.',
      registers,
    });
    events.on('bound').subscribe(() => bound.inc());

    const proved = new Counter({
      name: 'nest_session_proved_total',
      help: 'Proofs of the device that were accepted.',
      registers,
    });
    events.on('proved').subscribe(() => proved.inc());

    const storeErrors = new Counter({
      name: 'nest_session_store_errors_total',
      help: 'Calls of the session store that failed or took too long.',
      registers,
    });
    events.on('storeError').subscribe(() => storeErrors.inc());

    new Gauge({
      name: 'nest_session_live',
      help: 'Sessions that are alive, counted in the store.',
      registers,
      async collect() {
        try {
          this.set(await sessions.count());
        } catch {
          this.remove(); // reports no number instead of a wrong one
        }
      },
    });
  }
}
