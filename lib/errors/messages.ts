/** Every message of the package in one place. Each states the cause and the remedy; none holds an id, a secret or session data. */
export const messages = {
  // options
  option: (name: string, given: string, accepted: string) =>
    `SessionModule option "${name}": ${given} was given; accepted: ${accepted}.`,
  optionUnknown: (name: string, known: readonly string[]) =>
    `SessionModule option "${name}" is not known; the options are: ${known.join(', ')}.`,
  secretShort: (index: number, bytes: number) =>
    `SessionModule option "secret": entry ${index} has ${bytes} bytes; use at least 32 random bytes, for example from "openssl rand -base64 32".`,
  keyShared:
    'SessionModule option "secret" and "encryption.keys" hold the same value; use a different value for each, so that a leak of one does not reveal the other.',
  neverReached: (name: string, given: number, absolute: number) =>
    `SessionModule option "${name}": ${given} ms is never reached, because "absoluteTimeout" ends a session after ${absolute} ms; lower the first or raise the second.`,
  policy: (name: string, given: string, limit: number, rule: string) =>
    `SessionModule option "${name}": ${given} was given; ${rule} allows at most ${limit} ms; lower it, or leave it out.`,
  policyCapped: (limit: number, rule: string) =>
    `A session has a cookie.maxAge of its own that is longer than the ${limit} ms without use that ${rule} allows; it ends after ${limit} ms all the same. Set a shorter cookie.maxAge.`,
  secretMissing:
    'SessionModule option "secret" is missing; give a string or Buffer of at least 32 random bytes, or an array of them (the first signs, all verify).',
  seconds: (name: string, given: number) =>
    `${name} is ${given} milliseconds, which looks like a number of seconds. If you mean seconds, give ${given * 1_000}. If you mean milliseconds, ignore this warning, or give options as text: "${given}ms".`,
  lifeCapped: (name: string, given: number, absolute: number) =>
    `${name} is ${given} ms, but "absoluteTimeout" ends every session ${absolute} ms after its login, and its cookie with it. For a longer "remember me", raise "absoluteTimeout".`,

  // store
  storeTimeout: (call: string, ms: number) =>
    `The session store did not answer "${call}" within ${ms} ms; check that it is reachable, or raise "storeTimeout".`,
  storeFailed: (call: string) => `The session store failed in "${call}"; the driver's error is the cause.`,
  driverSilent: 'The driver gave no message that can be shown without session data.',
  storeOutcomes: (call: string, store: string, asked: number, got: number) =>
    `${store}.${call} was asked about ${asked} sessions and answered about ${got}; a store answers each in the order asked.`,
  encryptionKeyUnknown:
    'A session in the store was sealed with a key that is not in "encryption.keys", so its visitor gets a new session; put the key back behind the new one until no session under it is left.',
  storeExists:
    'A session with this id exists already; "genid" must return a new, unguessable id on every call.',
  capability: (store: string, capability: string) =>
    `${store} cannot ${capability}; use a store that can, such as TypeOrmSessionStore.`,
  capConflict: (tries: number) =>
    `maxSessionsPerUser could not be enforced: in ${tries} tries, other logins of the same user came first each time. ` +
    'Nobody was signed in. Try again.',
  conflict: (ms: number) =>
    `A change to the session met newer versions for ${ms} ms, so it was not stored; other requests change the same session all the time.`,

  storeOptionUnknown: (store: string, name: string, known: string) =>
    `${store} option "${name}" is not known; the options are: ${known}.`,
  genidResult: (given: string) => `The option "genid" returned ${given}; return an unguessable string.`,
  optionUndefined: (name: string, value: boolean) =>
    `The option "${name}" is not set; set it, or it is ${value} as in express-session.`,
  secretFromRequest: 'The option "secret" is not set, so req.secret signs the cookies; set the option.',
  memoryStore: (store: string) =>
    `NODE_ENV is "production", and ${store} keeps all sessions in the memory of this process: they are lost when it ends, and other instances do not see them. Set the option "store" to a store on a server, such as PostgreSQL or Redis.`,
  expressStore: (given: string) =>
    `ExpressStoreAdapter: ${given} was given; accepted: a store for express-session, with the methods get, set and destroy.`,
  hashIds: (given: string) =>
    `ExpressStoreAdapter option "hashIds": ${given} was given; accepted: true or false.`,
  notAnError: (given: string) => `The store failed with ${given} instead of an error.`,
  maxSessions: (given: string) =>
    `MemorySessionStore option "maxSessions": ${given} was given; accepted: a whole number of one or more.`,

  // data
  notJson: (key: string, what: string) =>
    `The session key ${JSON.stringify(key)} holds ${what}, which JSON cannot hold; store plain JSON values.`,
  tooLarge: (bytes: number, max: number) =>
    `The session data is ${bytes} bytes, more than the ${max} bytes of "maxDataBytes"; keep large things in a database and their key in the session.`,
  schemaMismatch: (paths: string) => `The session data does not match the option "schema" at: ${paths}.`,
  schemaThrew: (error: string) => `The option "schema" threw ${error} when it checked the session data.`,
  schemaSilent: (option: string, ms: number) =>
    `The option "${option}" did not settle within ${ms} ms, so the session could not be used; check that its promise settles, or raise "storeTimeout".`,
  migrationFailed: (error: string) =>
    `A session could not be brought up to date: "migrate" or "schema" threw ${error}; its visitor gets a new session.`,
  userIdAssigned:
    'session.userId was assigned without session.login(), so the session keeps the id that it had before the sign-in: somebody who planted that id is signed in, too (session fixation). Call await session.login(userId) instead.',
  userIdInvalid: (call: string, given: string) =>
    `${call}: ${given} was given; accepted: a string of 1 to 255 characters without NUL, or a finite number.`,
  idInvalid: '"genid" must return a string of 1 to 256 printable ASCII characters without spaces.',
  maxAgeInvalid: (given: string) =>
    `session.cookie.maxAge: ${given} was given; accepted: milliseconds, at most 100 years of them, or null or false for a cookie that ends with the browser.`,
  expiresInvalid: (given: string) =>
    `session.cookie.expires: ${given} was given; accepted: a valid Date, or null or false for a cookie that ends with the browser.`,

  // use
  ended: 'The session was ended elsewhere, so the change was dropped; ask the visitor to sign in again.',
  insideUpdate: (call: string) =>
    `session.${call}() was called inside the function given to session.update(), so it would wait for that update() for ever; call it after update(), or change the session directly inside the function.`,
  callWaits: (waiting: string, running: string | undefined, ms: number) =>
    `${waiting} waited ${ms} ms ("storeTimeout") for ${running === undefined ? 'a callback' : `session.${running}()`}, which was called before and is not done; check that its function or callback ends.`,
  regenerated:
    'The request has had another session since session.regenerate(); use req.session again instead of the object from before.',
  headersSent: (method: string) =>
    `session.${method}() gives the session a new id, but its cookie cannot be sent any more: the response has left already, or this is a message of a WebSocket; call it before the first byte of a response over HTTP.`,
  nobody: (method: string) =>
    `session.${method}(): nobody is signed in to the session; call session.login(userId) first.`,
  notStored: (method: string) =>
    `session.${method}(): the session could not be stored, for its cookie cannot be sent over this connection; use TLS, or cookie: { secure: 'auto' }.`,
  levelInvalid: (call: string, given: string) =>
    `${call}: ${given} was given; accepted: a whole number of 1 or more, where a higher one is a stronger proof.`,
  actingNested: 'session.actAs(): the session acts for somebody already; call session.stopActing() first.',
  actingSelf: 'session.actAs(): the user is the one who is signed in already; give the id of another user.',
  actingOwnId:
    'session.actAs(): the data key "userId" holds neither text nor a number, so it could not be put back afterwards; keep the id alone there.',
  actingOnLimit: (given: string) =>
    `session.actAs() option "onLimit": ${given} was given; accepted: "stop", "end".`,
  actingForgotten:
    'session.actAs(): an express-session that shares the store would forget who acts in a session; set hashIds: true (new ExpressStoreAdapter(store, { hashIds: true })), or use another store.',
  notLoaded:
    'req.session was used before the session was loaded (load: "lazy"); use @Session(), a SessionGuard or await SessionService.load(request) first, or set load: "eager".',
  notApplied:
    'The session middleware did not run for this request; check "forRoutes" and "exclude", and that SessionModule is imported.',
  severalModules: (count: number, faults: string) =>
    `The application has ${count} SessionModules. If all its sessions are of one kind, import SessionModule.forRoot() once, in the root module: it is global. If they are of several kinds, import each module into its own feature module, with isGlobal: false, its own cookie "name" and its own "forRoutes". The problems: ${faults}.`,
  secretOfSeveral:
    'Several SessionModules use the same "secret", so a cookie of one may be valid for another if they share a store; give each its own.',
  severalRan: (first: string, second: string) =>
    `The middleware of two kinds of sessions ran for one request, so it has the session of the cookie "${first}", which came first, and not that of "${second}"; give the two SessionModules "forRoutes" and "exclude" that do not overlap.`,
  otherModule: (name: string) =>
    `The request has the session of another SessionModule, the one with the cookie "${name}"; check "forRoutes" and "exclude" of both, and that each feature module imports its own SessionModule.`,
  replaced: (given: string) =>
    `req.session cannot be replaced by ${given}; set keys on it, call session.regenerate() for an empty one, or assign null to unset it.`,
  unset: 'The request has no session any more: it was destroyed, or req.session was set to null.',
  tooLate:
    'A session began after the response had left, or on a WebSocket, so its cookie cannot be sent and it was not stored; change the session before the first byte of a response.',
  socketBegins:
    'A session cannot begin with a message of a WebSocket, which can send no cookie, so it was not stored; begin it over HTTP, and connect after that.',
  noRequest: (type: string) =>
    `No request with a cookie was found for this "${type}" context: gateways need SessionModule in their application, and resolvers a context with the request as "req".`,
  rpcHasNoSession:
    'Messages of microservices have no cookie and so no session. Put @AllowAnonymous() on the handler or its class to let them pass a SessionGuard, or guard your HTTP controllers with @UseGuards(SessionGuard) instead of APP_GUARD; do not use @Session() and the like there.',
  requestScoped:
    'SessionModule depends on a provider that is made anew for every request (Scope.REQUEST), but its options are needed once, when the application starts; inject only singletons into forRootAsync() and into the store.',
  cookieLeft:
    'The session stands in its cookie alone, which can no longer be sent, so it can neither be changed nor ended: the response has left already, or this is a message of a WebSocket; do it over HTTP, before the first byte of a response.',
  insecure:
    'The session cookie is "secure" (or sameSite "none", or partitioned, which browsers take as secure cookies alone) but the connection is plain HTTP, so neither cookie nor session is stored. Behind a TLS proxy, trust it (app.set("trust proxy", 1), on Fastify new FastifyAdapter({ trustProxy: true }), or the option proxy: true); for local development use cookie: { secure: "auto" }.',
  cookieTooLarge: (bytes: number) =>
    `The session cookie's name and value have ${bytes} bytes, more than the 4096 browsers keep (RFC 6265bis, section 5.6); use a shorter name or id.`,
  noHandle: (given: string) =>
    `SessionService: ${given} is no session; give a handle, a session, or a request that the session middleware ran for.`,
  callbackFailed:
    'A callback given to a method of the session threw after the response had left; catch the error there.',
  listenerFailed: 'A listener for session events threw an error; catch it there.',

  // deviceBound
  deviceProofRequired:
    'The session is bound to a device, and the request came without a fresh proof of it; send the request again from that browser, or sign in anew.',
  deviceUnbound:
    'The session has to be bound to a device, and the browser has not done so; sign in with a browser that supports Device Bound Session Credentials, over HTTPS.',
  deviceStore: (store: string, reason: string) =>
    `SessionModule option "deviceBound": ${store} ${reason}; use another store, such as TypeOrmSessionStore or RedisSessionStore, or leave the option out.`,
  deviceLifetimeShort: (ms: number, least: number) =>
    `SessionModule option "deviceBound.lifetime": browsers sign at most six times in nine minutes, and ahead of time, so that ${ms} ms may be too short for them; use ${least} ms or more.`,

  // guard
  unguarded: (routes: string) =>
    `${routes}: @RequireSession() or @RequireLogin() is there without a SessionGuard, so everybody gets in; add @UseGuards(SessionGuard), or provide it as APP_GUARD.`,
  sessionRequired: 'A session is required.',
  loginRequired: 'Nobody is signed in; sign in first.',
  loginLevel: (level: number) => `Prove once more who you are: this takes a login of level ${level}.`,
  loginActing: 'This can be done by the users themselves alone, and not by somebody who acts for them.',
  loginStale: 'Sign in again: this takes a fresh login.',
  sessionForbidden: 'The session does not allow this.',
  csrfRefused:
    "The request comes from another origin than the application's own; send it from one of its pages. For an origin that may do that there is csrf: { trustedOrigins }, for a route @SkipCsrf(); a proxy that changes the Host header has to be trusted.",
  csrfTokenRequired:
    'The request does not say which origin it comes from, and brings no token of this session; load the page anew, and send the token of @CsrfToken() as the header x-csrf-token or the field _csrf.',

  // sql
  sqlHandle: (given: string) =>
    `SqlSessionStore: ${given} was given; accepted: a Pool of "pg", a pool of "mysql2" (createPool, with callbacks or promises), a database of "better-sqlite3", or a DatabaseSync of "node:sqlite" (Node.js 22.16 or later). A single connection, such as a Client of "pg" or createConnection of "mysql2", is none of these: sessions would become part of your transactions on it. Nor is an object of an ORM or a query builder: give the pool that it uses, or a small one beside it.`,
  sqlTable: (caller: string, given: string, most: number) =>
    `${caller} option "table": ${given} was given; accepted: the name of a table, or schema and table with a dot between, each of at most ${most} bytes.`,
  sqlDialect: (given: string) =>
    `sessionTable(): ${given} was given as the dialect; accepted: "postgres", "mysql" (MariaDB as well) or "sqlite".`,
  sqlStoreOptions: (given: number) =>
    `sqlStore(): ${given} of "client" and "inject" were given; give exactly one.`,
  sqlClosed:
    'The database that SqlSessionStore was given is closed; open it before the application starts, and close it after the application has stopped.',
  sqlGone:
    'The database that SqlSessionStore was given is closed: it was closed while the application was running; open it again, or close it after the application has stopped.',
  tableMissing: (table: string, create: string) => `The session table ${table} does not exist; ${create}`,
  createByMigration:
    'run the migration CreateSessionTable (add it to "migrations"), or set synchronize: true in development.',
  createByStatement: (dialect: string, statement: string) =>
    `create it with this SQL, which sessionTable('${dialect}') of nest-session/sql returns for a migration:\n${statement}`,
  tableFaults: (table: string, faults: string, remedy: string) =>
    `The session table ${table} would not keep sessions as they are: ${faults}. Correct it with:\n${remedy}`,
  databaseReadOnly: (store: string) =>
    `The database of ${store} only reads, so no session can be stored; give the store a connection to the writable server, not to a replica. The cause says more.`,
  tableDenied: (store: string, table: string, grant: string) =>
    `The database user of ${store} may not read and write the session table ${table} as sessions need it; the cause says more. Correct it as the owner of the table with:\n${grant}`,
  pruneInterval: (store: string, given: string) =>
    `${store} option "pruneInterval": ${given} was given; accepted: a number of milliseconds above zero, or false.`,
  columnRefused: (column: string, accepted: string) =>
    `The "${column}" of a session does not fit into its column, which takes ${accepted}; the session was not stored.`,
  packetTooLarge: (bytes: number, max: number) =>
    `Storing the session takes a statement of ${bytes} bytes, more than the ${max} bytes of the server's max_allowed_packet; raise that, or lower "maxDataBytes" to less than half of it.`,
  mysqlTooOld: (version: string) =>
    `Sessions need MySQL 8.0 or MariaDB 10.6 (SKIP LOCKED) or later, and the server is ${version}; use a later one, or another session store.`,
  mysqlCharset: (given: string) =>
    `The server answers in the character set ${given}, which not every text survives; set charset: 'utf8mb4' in the options of the pool or the DataSource, or leave it out.`,
  pgBinary:
    'The pool of "pg" has binary: true, under which "pg" reads numbers and times wrongly; leave the setting out (in the options of the pool, in "extra" of a DataSource, or pg.defaults.binary).',
  serverUntried: (server: string, like: string) =>
    `Sessions have never been tried on ${server}, which locks and retries in another way than ${like}; use PostgreSQL, MySQL, MariaDB or SQLite, or another session store such as RedisSessionStore.`,
  postgresTooOld: (version: string) =>
    `Sessions need PostgreSQL 12 or later, and the server is ${version}; use a later one, or another session store.`,
  sqliteTransaction:
    'A transaction of the application was open for too long on the one connection that SQLite has; keep transactions short, and do not wait for the session inside of one.',

  // typeorm
  entityMissing:
    'SessionEntity is not an entity of the DataSource; add it to "entities" (or TypeOrmModule.forFeature([SessionEntity]) with autoLoadEntities).',
  driverUnsupported: (type: string) =>
    `TypeOrmSessionStore does not support the "${type}" driver; use PostgreSQL ("postgres"), MySQL ("mysql"), MariaDB ("mariadb") or SQLite ("better-sqlite3", "sqljs"), or another session store.`,
  typeOrmTooOld: (oldest: string, given: string) =>
    `TypeOrmSessionStore needs TypeORM ${oldest} or later, and ${given} is installed; install a later one: npm install typeorm.`,
  dataSourceClosed:
    'The DataSource of TypeOrmSessionStore is not initialized; call dataSource.initialize() before the application starts.',
  dataSourceGone:
    'The DataSource of TypeOrmSessionStore is not initialized any more: it was closed while the application was running; call dataSource.initialize() to open it again.',
  dataSourceMissing: (token: string) =>
    `typeOrmStore() found no ${token} in the container; import TypeOrmModule.forRoot(...), or name another with typeOrmStore({ dataSource: token }).`,

  // redis
  redisClient: (given: string) =>
    `RedisSessionStore option "client": ${given} was given; accepted: a client of node-redis 5 or 6 (createClient, createClientPool, createCluster, createSentinel) or of ioredis 5 or 6 (new Redis, new Cluster).`,
  redisPrefix: (given: string) =>
    `RedisSessionStore option "prefix": ${given} was given; accepted: a string without braces, which decide the slot of a Redis Cluster.`,
  redisClosed:
    'The Redis client of RedisSessionStore is not connected; await client.connect() before the application starts.',
  redisSilent: (ms: number) =>
    `Redis did not answer within ${ms} ms when the application started; check that it is reachable.`,
  redisUnreachable:
    'redisStore({ url }) could not connect; check that the address is right and Redis is reachable. The cause says more.',
  redisPackage: 'redisStore({ url }) connects through the package "redis"; install it: npm install redis.',
  redisPackageOld:
    'redisStore({ url }) needs version 5 or later of the package "redis", and an older one is installed; install a later one (npm install redis), or connect by yourself and use redisStore({ client }).',
  redisStoreOptions: (given: number) =>
    `redisStore(): ${given} of "client", "inject" and "url" were given; give exactly one.`,

  // cookie
  cookieKeys: (name: string, given: string) =>
    `CookieSessionStore option "${name}": ${given} was given; accepted: an array of keys of 32 random bytes, as Buffers or as hex, base64 or base64url text, for example from "openssl rand -hex 32"; the first seals, all open.`,
  cookieKeyTwice: (index: number) =>
    `CookieSessionStore option "keys[${index}]": a key that is in the array already was given; give each once.`,
  cookieChunks: (given: string, most: number) =>
    `CookieSessionStore option "chunks": ${given} was given; accepted: a whole number of cookies, 1 to ${most}.`,
  encryptionInCookie: (store: string) =>
    `SessionModule option "encryption": ${store} encrypts sessions itself; remove the option. The store derives its keys from "secret", or takes your own: new ${store}({ keys }).`,
  sealTooLarge: (data: number, length: number, most: number, cookies: number) =>
    `The session does not fit into its cookie: with ${data} bytes of data it takes ${length} bytes there, and ${cookies === 1 ? 'one cookie has' : `${cookies} cookies have`} room for ${most}, their names left out (RFC 6265bis, section 5.6: 4096 bytes each); keep large things in a database and their key in the session, raise the option "chunks" of CookieSessionStore, or use a store on the server. The cookie from before stays good.`,

  // testing, health
  severalSessions: (count: number) =>
    `nest-session/testing: the application has ${count} SessionModules; give app.select(module), with the value that the SessionModule.forRoot(...) in question returned.`,
  noSessions: (given: string) =>
    `nest-session/testing: ${given} has no SessionModule; import SessionModule.forRoot(...) into the application, and give the application or its compiled TestingModule.`,
  dataMember: (key: string) =>
    `nest-session/testing: "${key}" is a member of every session, so it cannot be a key of its data; use the option "prepare" for flash values and cookie settings.`,
  nothingStored:
    'nest-session/testing: the session holds nothing, so it was not stored and has no cookie; give it at least one key of data.',
  noResponse: (caller: string, given: string) =>
    `${caller}: ${given} was given, which has no headers; give a response of supertest, fetch or Fastify's inject (await it first), or to readSession a Cookie header.`,
  failOnDemand: 'failingStore: fail() was called, so every call fails; recover() ends that.',
  healthTimeout: (ms: number) =>
    `The session store did not answer within ${ms} ms; check that it is reachable.`,
} as const;

/** Names a value for an error message without showing what could be a secret: its type, and the value of numbers and booleans alone. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  // Of the class alone: what an object says of itself may come out of a request.
  const { constructor } = (Object.getPrototypeOf(value) ?? {}) as { constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name && name !== 'Object' ? `a ${name}` : 'an object';
}

/** As {@link describe}, but shows short strings too: for options that are no secret. */
export function show(value: unknown): string {
  return typeof value === 'string' && value !== '' ? JSON.stringify(value.slice(0, 80)) : describe(value);
}
