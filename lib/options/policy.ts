import { messages } from '../errors/messages.js';
import { SessionOptionsError } from '../errors/session-options.error.js';
import { oneOf } from './option-checks.js';

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A security standard whose timeouts apply to sessions. */
export type SessionPolicy = 'nist-aal1' | 'nist-aal2' | 'nist-aal3' | 'pci-dss';

/** The limits of a standard in milliseconds, with the section that defines them. */
interface Limits {
  /** @defaultValue no limit */
  readonly idleTimeout?: number;
  /** @defaultValue no limit */
  readonly absoluteTimeout?: number;
  readonly source: string;
}

const LIMITS: Readonly<Record<SessionPolicy, Limits>> = {
  'nist-aal1': { absoluteTimeout: 30 * DAY, source: 'NIST SP 800-63B-4, 2.1.3' },
  'nist-aal2': { idleTimeout: HOUR, absoluteTimeout: DAY, source: 'NIST SP 800-63B-4, 2.2.3' },
  'nist-aal3': {
    idleTimeout: 15 * MINUTE,
    absoluteTimeout: 12 * HOUR,
    source: 'NIST SP 800-63B-4, 2.3.3',
  },
  'pci-dss': { idleTimeout: 15 * MINUTE, source: 'PCI DSS 4.0.1, 8.2.8' },
};

type Timeout = 'idleTimeout' | 'absoluteTimeout';

/** The limit of a policy for `cookie.maxAge`. */
export interface PolicyCap {
  /** Milliseconds. */
  readonly maxAge: number;
  /** The warning for a session whose own `maxAge` is longer. */
  readonly warning: string;
}

/** The limits of the option `policy`. Without a policy there are no limits. */
export class PolicyLimits {
  readonly #limits: Omit<Limits, 'source'>;
  /** The name of the policy in messages. */
  readonly #rule: string;

  /** @throws SessionOptionsError for a policy that is not known. */
  constructor(given: SessionPolicy | undefined) {
    const policy = oneOf('policy', given, Object.keys(LIMITS) as SessionPolicy[], undefined);
    this.#limits = policy === undefined ? {} : LIMITS[policy];
    this.#rule = policy === undefined ? '' : `the policy "${policy}" (${LIMITS[policy].source})`;
  }

  /** The longest idle timeout, in milliseconds. */
  get idleTimeout(): number | undefined {
    return this.#limits.idleTimeout;
  }

  /** The longest absolute timeout, in milliseconds. */
  get absoluteTimeout(): number | undefined {
    return this.#limits.absoluteTimeout;
  }

  /** A timeout that is within the limit. @throws SessionOptionsError naming the rule and its source. */
  check(name: 'idleTimeout', given: number): number;
  check(name: 'absoluteTimeout', given: number | false): number | false;
  check(name: Timeout, given: number | false): number | false {
    const limit = this.#limits[name];
    if (limit === undefined || (given !== false && given <= limit)) return given;
    const what = given === false ? 'false' : `${given} ms`;
    throw new SessionOptionsError(messages.policy(name, what, limit, this.#rule));
  }

  /** The longest life of a cookie, which is also an idle timeout; undefined without a policy. */
  get cap(): PolicyCap | undefined {
    const { idleTimeout = Infinity, absoluteTimeout = Infinity } = this.#limits;
    const maxAge = Math.min(idleTimeout, absoluteTimeout);
    return maxAge === Infinity ? undefined : { maxAge, warning: messages.policyCapped(maxAge, this.#rule) };
  }

  /** Checks the option `cookie.maxAge`. @throws SessionOptionsError naming the rule and its source. */
  checkMaxAge(given: number | null | undefined): void {
    const { cap } = this;
    if (given == null || cap === undefined || given <= cap.maxAge) return;
    throw new SessionOptionsError(messages.policy('cookie.maxAge', `${given} ms`, cap.maxAge, this.#rule));
  }
}
