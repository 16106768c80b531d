import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Attributes, metrics, type ObservableCallback } from '@opentelemetry/api';
import { type SessionEvent, SessionService } from 'nest-session';
import { DESTROYED_REASONS, REJECTED_REASONS, ROTATED_REASONS } from './reasons.js';

type EventOf<Type> = Extract<SessionEvent, { type: Type }>;

/**
 * The same as `PrometheusMetrics` for OpenTelemetry, from the diagnostics channels `nest-session:*`. Their subscribers
 * need no access to the application, and get the events of every application in the process. The attributes, too,
 * contain no handle, no user's id and no address.
 */
@Injectable()
export class OpenTelemetryMetrics implements OnModuleInit, OnApplicationShutdown {
  // From the MeterProvider that was registered before the application was created. Without one, nothing is counted.
  readonly #meter = metrics.getMeter('nest-session');
  readonly #live = this.#meter.createObservableGauge('nest_session.live', { unit: '{session}' });
  readonly #listeners = this.#counters();

  constructor(private readonly sessions: SessionService) {}

  onModuleInit(): void {
    this.#live.addCallback(this.#countLive);
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener);
  }

  /** The channels exist longer than the application, so subscribers must unsubscribe. */
  onApplicationShutdown(): void {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
    this.#live.removeCallback(this.#countLive);
  }

  /** If it fails, OpenTelemetry logs the error, and the SDK repeats the last number. The counters continue. */
  readonly #countLive: ObservableCallback = async (result) => result.observe(await this.sessions.count());

  /**
   * The counter of each channel. A subscriber of a diagnostics channel must not throw: the request continues, but Node
   * turns the error into an uncaught exception, which ends the process. `add` never throws. Put code that may throw
   * into a `try`.
   */
  #counters(): [string, ChannelListener][] {
    const counter = (name: string, unit: string, attributes: readonly Attributes[] = [{}]) => {
      const made = this.#meter.createCounter(`nest_session.${name}`, { unit });
      for (const each of attributes) made.add(0, each);
      return made;
    };
    const reasons = (names: readonly string[]) => names.map((reason) => ({ reason }));
    const created = counter('created', '{session}');
    const loaded = counter('loaded', '{request}');
    const rotated = counter('rotated', '{session}', reasons(ROTATED_REASONS));
    const destroyed = counter('destroyed', '{session}', reasons(DESTROYED_REASONS));
    const rejected = counter('rejected', '{cookie}', reasons(REJECTED_REASONS));
    const bound = counter('bound', '{session}');
    const proved = counter('proved', '{proof}');
    const storeErrors = counter('store_errors', '{call}');
    const listeners: { [Type in SessionEvent['type']]: (event: EventOf<Type>) => void } = {
      created: () => created.add(1),
      loaded: () => loaded.add(1),
      rotated: ({ reason }) => rotated.add(1, { reason }),
      destroyed: ({ reason }) => destroyed.add(1, { reason }),
      bound: () => bound.add(1),
      proved: () => proved.add(1),
      rejected: ({ reason }) => rejected.add(1, { reason }),
      storeError: () => storeErrors.add(1),
    };
    return Object.entries(listeners).map(([type, listener]) => [
      `nest-session:${type}`,
      listener as ChannelListener,
    ]);
  }
}
