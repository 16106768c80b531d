/** What the environment says beside what it says to every sample. */
export interface Settings {
  /** How many instances. */
  readonly size: number;
  /** Undefined: nginx where there is one. */
  readonly proxy: 'nginx' | 'node' | undefined;
  /** Sessions are there, and not in PostgreSQL. */
  readonly redisUrl: string | undefined;
  /** With commas between them; the first signs. */
  readonly secrets: string | undefined;
  /** Whether the secret comes from outside, where we cannot keep a new one. */
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
