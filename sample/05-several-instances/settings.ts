/** Settings from the environment that only this sample has. */
export interface Settings {
  /** How many instances. */
  readonly size: number;
  /** Undefined: nginx if it is installed. */
  readonly proxy: 'nginx' | 'node' | undefined;
  /** The Redis for the sessions, instead of PostgreSQL. */
  readonly redisUrl: string | undefined;
  /** Separated by commas; the first signs. */
  readonly secrets: string | undefined;
  /** Whether the secret comes from the environment, where the sample cannot store a new one. */
  readonly isSecretGiven: boolean;
}

/** Reads `INSTANCES`, `PROXY`, `REDIS_URL` and `SESSION_SECRETS`. An empty variable counts as none. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  const read = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  const size = Number(read('INSTANCES') ?? 3);
  if (!(Number.isInteger(size) && size >= 1 && size <= 16))
    throw new Error(`INSTANCES must be a number from 1 to 16, but is "${variables.INSTANCES}".`);
  const proxy = read('PROXY');
  if (proxy !== undefined && proxy !== 'nginx' && proxy !== 'node')
    throw new Error(`PROXY must be "nginx" or "node", but is "${proxy}".`);
  const secrets = read('SESSION_SECRETS');
  const isSecretGiven = (secrets ?? read('SESSION_SECRET')) !== undefined;
  return { size, proxy, redisUrl: read('REDIS_URL'), secrets, isSecretGiven };
}
