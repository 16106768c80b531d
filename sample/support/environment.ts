/** Settings from the environment. */
export interface Environment {
  readonly databaseUrl: string | undefined;
  readonly secret: string | undefined;
  readonly host: string;
  /** Undefined: the first free one from 3000. */
  readonly port: number | undefined;
}

/** Reads `DATABASE_URL`, `SESSION_SECRET`, `HOST` and `PORT`. An empty variable counts as none. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const read = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  const databaseUrl = read('DATABASE_URL');
  if (databaseUrl !== undefined && !/^postgres(ql)?:/.test(databaseUrl)) {
    throw new Error('DATABASE_URL must look like postgres://user:password@host:5432/database.');
  }
  const port = read('PORT');
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) <= 65_535)) {
    throw new Error(`PORT must be a number from 0 to 65535, but is "${port}".`);
  }
  return {
    databaseUrl,
    secret: read('SESSION_SECRET'),
    host: read('HOST') ?? '127.0.0.1',
    port: port === undefined ? undefined : Number(port),
  };
}
