/** All messages of the package. Each states the cause and the remedy. None contains an id, a secret or session data. */
export const messages = {
  // options
  option: (name: string, given: string, accepted: string) =>
    `SessionModule option "${name}": ${given} was given; accepted: ${accepted}.`,
  optionUnknown: (name: string, known: readonly string[]) =>
    `SessionModule option "${name}" is unknown; the options are: ${known.join(', ')}.`,
  secretShort: (index: number, bytes: number) =>
    `SessionModule option "secret": entry ${index} has ${bytes} bytes; use at least 32 random bytes, for example from "openssl rand -base64 32".`,
  keyShared:
    'SessionModule options "secret" and "encryption.keys" contain the same value; use a different value for each, so that a leak of one does not reveal the other.',
  neverReached: (name: string, given: number, absolute: number) =>
    `SessionModule option "${name}": ${given} ms has no effect, because "absoluteTimeout" ends a session after ${absolute} ms; lower "${name}" or raise "absoluteTimeout".`,
  policy: (name: string, given: string, limit: number, rule: string) =>
    `SessionModule option "${name}": ${given} was given; ${rule} allows at most ${limit} ms; lower it, or leave it out.`,
  policyCapped: (limit: number, rule: string) =>
    `A session has a cookie.maxAge that is longer than the ${limit} ms that ${rule} allows; the session and its cookie still end at this limit. Set a shorter cookie.maxAge.`,
  secretMissing:
    'SessionModule option "secret" is missing; pass a string or Buffer of at least 32 random bytes, or an array of them (the first signs, all verify).',
  seconds: (name: string, given: number) =>
    `${name} is ${given} milliseconds, which looks like a number of seconds. If you mean seconds, use ${given * 1_000}. If you mean milliseconds, ignore this warning, or write an option as text: "${given}ms".`,
  lifeCapped: (name: string, given: number, absolute: number) =>
    `${name} is ${given} ms, but "absoluteTimeout" ends every session ${absolute} ms after its login, and its cookie with it. For a longer "remember me", raise "absoluteTimeout".`,

  // store
  storeTimeout: (call: string, ms: number) =>
    `The session store did not answer "${call}" within ${ms} ms; check that it is reachable, or raise "storeTimeout".`,
  storeFailed: (call: string) => `The session store failed in "${call}"; the driver's error is the cause.`,
  driverSilent: 'The message is left out, because it may contain session data; see the class and the stack.',
  driverCode: (code: string) => `${code}: the message is left out, because it may contain session data.`,
  storeOutcomes: (call: string, store: string, asked: number, got: number) =>
    `${store}.${call} was called with ${asked} sessions and returned ${got} results; a store must return one result for each session, in the same order.`,
  encryptionKeyUnknown:
    'A session in the store was encrypted with a key that is not in "encryption.keys", so its visitor gets a new session; add the key again, after the new one, until no session uses it any more.',
  storeExists:
    'A session with this id already exists; "genid" must return a new, unguessable id on every call.',
  capability: (store: string, capability: string) =>
    `${store} cannot ${capability}; use a store that can, such as TypeOrmSessionStore.`,
  capConflict: (tries: number) =>
    `maxSessionsPerUser could not be enforced: in ${tries} tries, other logins of the same user were faster each time. ` +
    'The login failed. Try again.',
  conflict: (ms: number) =>
    `A change to the session was not stored, because other requests kept changing the same session for ${ms} ms; send fewer concurrent requests that change it.`,

  storeOptionUnknown: (store: string, name: string, known: string) =>
    `${store} option "${name}" is unknown; the options are: ${known}.`,
  genidResult: (given: string) => `The option "genid" returned ${given}; return an unguessable string.`,
  optionUndefined: (name: string, value: boolean) =>
    `The option "${name}" is not set, so it is ${value}, as in express-session; set it.`,
  secretFromRequest:
    'The option "secret" is not set, so req.secret signs the cookies; set the option "secret".',
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
    `The session key ${JSON.stringify(key)} contains ${what}, which JSON does not support; store plain JSON values.`,
  tooLarge: (bytes: number, max: number) =>
    `The session data is ${bytes} bytes, more than the ${max} bytes of "maxDataBytes"; store large data in a database and its key in the session.`,
  schemaMismatch: (paths: string) =>
    `The session data does not match the option "schema" at: ${paths}; correct the data or the schema.`,
  schemaThrew: (error: string) =>
    `The option "schema" threw ${error} when it validated the session data; a schema must report mismatches as issues.`,
  schemaSilent: (option: string, ms: number) =>
    `The promise of the option "${option}" did not settle within ${ms} ms, so the session could not be used; check that it settles, or raise "storeTimeout".`,
  migrationFailed: (error: string) =>
    `A session could not be migrated: "migrate" or "schema" threw ${error}; its visitor gets a new session. Correct the function.`,
  userIdAssigned:
    'session.userId was assigned without session.login(), so the session keeps the id from before the sign-in: an attacker who planted that id is signed in, too (session fixation). Call await session.login(userId) instead.',
  userIdInvalid: (call: string, given: string) =>
    `${call}: ${given} was given; accepted: a string of 1 to 255 characters without NUL, or a finite number.`,
  referenceInvalid: (call: string, given: string) =>
    `${call}: ${given} was given; accepted: a string of 1 to 255 characters without NUL.`,
  idInvalid: '"genid" must return a string of 1 to 256 printable ASCII characters without spaces.',
  maxAgeInvalid: (given: string) =>
    `session.cookie.maxAge: ${given} was given; accepted: milliseconds (at most 100 years), or null or false for a cookie that ends with the browser.`,
  expiresInvalid: (given: string) =>
    `session.cookie.expires: ${given} was given; accepted: a valid Date, or null or false for a cookie that ends with the browser.`,

  // use
  ended: 'The session was ended elsewhere, so the change was dropped; ask the visitor to sign in again.',
  insideUpdate: (call: string) =>
    `session.${call}() was called inside the function given to session.update(), so it would wait for that update() forever; call it after update(), or change the session directly inside the function.`,
  callWaits: (waiting: string, running: string | undefined, ms: number) =>
    `${waiting} waited ${ms} ms ("storeTimeout") for ${running === undefined ? 'a callback' : `session.${running}()`}, which was called before and has not finished; check that its function or callback returns.`,
  regenerated:
    'session.regenerate() has given the request another session; use req.session instead of the previous object.',
  headersSent: (method: string) =>
    `session.${method}() gives the session a new id, but its cookie cannot be sent: the response was already sent, or this is a WebSocket message; call it in an HTTP request, before the first byte of the response.`,
  nobody: (method: string) => `session.${method}(): no user is signed in; call session.login(userId) first.`,
  notStored: (method: string) =>
    `session.${method}(): the session was not stored, because its cookie cannot be sent over this connection; use TLS, or cookie: { secure: 'auto' }.`,
  levelInvalid: (call: string, given: string) =>
    `${call}: ${given} was given; accepted: a whole number of 1 or more.`,
  actingNested:
    'session.actAs(): the session already acts for another user; call session.stopActing() first.',
  actingSelf: 'session.actAs(): this user is already signed in; pass the id of another user.',
  actingOwnId:
    'session.actAs(): the data key "userId" contains neither text nor a number, so it could not be restored afterwards; store only the id there.',
  actingOnLimit: (given: string) =>
    `session.actAs() option "onLimit": ${given} was given; accepted: "stop", "end".`,
  actingForgotten:
    'session.actAs(): an express-session that shares the store would lose the actor of the session; set hashIds: true (new ExpressStoreAdapter(store, { hashIds: true })), or use another store.',
  referenceForgotten:
    'session.login(userId, { reference }): the session store cannot find sessions by a reference, so nothing could end this session by it; use a store that can, such as TypeOrmSessionStore or RedisSessionStore, or leave the option out.',
  notLoaded:
    'req.session was used before the session was loaded (load: "lazy"); use @Session(), a SessionGuard or await SessionService.load(request) first, or set load: "eager".',
  notApplied:
    'The session middleware did not run for this request; check "forRoutes" and "exclude", and that SessionModule is imported.',
  severalModules: (count: number, faults: string) =>
    `The application has ${count} SessionModules. For one kind of session, import SessionModule.forRoot() once, in the root module: it is global. For several kinds of sessions, import each module into its own feature module, with isGlobal: false, its own cookie "name" and its own "forRoutes". The problems: ${faults}.`,
  secretOfSeveral:
    'Several SessionModules use the same "secret", so a cookie of one may be valid for another if they share a store; set a different secret for each.',
  severalRan: (first: string, second: string) =>
    `The middleware of two SessionModules ran for one request, so the request has the session of the cookie "${first}", whose middleware ran first, and not that of "${second}"; set "forRoutes" and "exclude" of the two modules so that they do not overlap.`,
  otherModule: (name: string) =>
    `The request has the session of another SessionModule, with the cookie "${name}"; check "forRoutes" and "exclude" of both, and that each feature module imports its own SessionModule.`,
  replaced: (given: string) =>
    `req.session cannot be replaced by ${given}; set keys on it, call session.regenerate() for an empty one, or assign null to unset it.`,
  unset:
    'The request has no session any more: the session was destroyed, or req.session was set to null; call session.regenerate() instead to get an empty session.',
  tooLate:
    'A session started after the response was sent, or on a WebSocket, so its cookie cannot be sent and it was not stored; change the session before the first byte of a response.',
  socketBegins:
    'A session cannot start with a WebSocket message, because no cookie can be sent, so it was not stored; start it in an HTTP request, and connect after that.',
  noRequest: (type: string) =>
    `No request was found for this "${type}" context; for gateways, import SessionModule into their application; for resolvers, put the request into the GraphQL context as "req".`,
  rpcHasNoSession:
    'Messages of microservices have no cookie and therefore no session. Put @AllowAnonymous() on the handler or its class to let them pass a SessionGuard, or guard your HTTP controllers with @UseGuards(SessionGuard) instead of APP_GUARD. Do not use @Session() and similar decorators there.',
  requestScoped:
    'SessionModule depends on a request-scoped provider (Scope.REQUEST), but its options are created once, when the application starts; inject only singletons into forRootAsync() and into the store.',
  cookieLeft:
    'The session is stored only in its cookie, which cannot be sent any more, so it can neither be changed nor ended: the response was already sent, or this is a WebSocket message; do it in an HTTP request, before the first byte of the response.',
  insecure:
    'The session cookie is "secure" (or sameSite "none", or partitioned, which browsers accept only with "secure"), but the connection is plain HTTP, so neither cookie nor session is stored. Behind a TLS proxy, trust the proxy (app.set("trust proxy", 1), on Fastify new FastifyAdapter({ trustProxy: true }), or the option proxy: true); for local development use cookie: { secure: "auto" }.',
  cookieTooLarge: (bytes: number) =>
    `The session cookie's name and value have ${bytes} bytes, more than the 4096 that browsers accept (RFC 6265bis, section 5.6); use a shorter name or id.`,
  noHandle: (given: string) =>
    `SessionService: ${given} is not a session; pass a handle, a session, or a request for which the session middleware ran.`,
  callbackFailed:
    'A callback passed to a session method threw an error after the response was sent; catch the error in the callback.',
  listenerFailed: 'A listener for session events threw an error; catch the error in the listener.',

  // deviceBound
  deviceProofRequired:
    'The session is bound to a device, and the request has no valid proof of it; send the request again from that browser, or sign in again.',
  deviceUnbound:
    'The session must be bound to a device, but the browser has not bound it; sign in with a browser that supports Device Bound Session Credentials, over HTTPS.',
  deviceStore: (store: string, reason: string) =>
    `SessionModule option "deviceBound": ${store} ${reason}; use another store, such as TypeOrmSessionStore or RedisSessionStore, or leave the option out.`,
  deviceLifetimeShort: (ms: number, least: number) =>
    `SessionModule option "deviceBound.lifetime": ${ms} ms may be too short, because browsers sign at most six times in nine minutes, and sign early; use ${least} ms or more.`,

  // guard
  unguarded: (routes: string) =>
    `${routes}: @RequireSession() or @RequireLogin() is used without a SessionGuard, so the route is not protected; add @UseGuards(SessionGuard), or provide SessionGuard as APP_GUARD.`,
  sessionRequired: 'A session is required.',
  loginRequired: 'You are not signed in; sign in first.',
  loginLevel: (level: number) =>
    `This requires a login of level ${level}; confirm your identity with another factor.`,
  loginActing: 'Only the user in person can do this, not someone who acts for the user.',
  loginStale: 'This requires a recent login; sign in again.',
  sessionForbidden: 'The session does not allow this.',
  csrfRefused:
    'The request comes from another origin; send it from a page of this application. To allow an origin, add it to csrf: { trustedOrigins }; to allow a route, use @SkipCsrf(). If a proxy changes the Host header, trust the proxy.',
  csrfTokenRequired:
    'The origin of the request is unknown, and it has no token of this session; load the page again, and send the token of @CsrfToken() as the header x-csrf-token or the field _csrf.',

  // sql
  sqlHandle: (given: string) =>
    `SqlSessionStore: ${given} was given; accepted: a Pool of "pg", a pool of "mysql2" (createPool, with callbacks or promises), a database of "better-sqlite3", or a DatabaseSync of "node:sqlite" (Node.js 22.16 or later). A single connection, such as a Client of "pg" or createConnection of "mysql2", is not accepted, because sessions would become part of your transactions on it. An object of an ORM or a query builder is not accepted either: pass the pool that it uses, or a small pool of your own.`,
  sqlTable: (caller: string, given: string, most: number) =>
    `${caller} option "table": ${given} was given; accepted: the name of a table, or schema and table with a dot between, each of at most ${most} bytes.`,
  sqlDialect: (given: string) =>
    `sessionTable(): ${given} was given as the dialect; accepted: "postgres", "mysql" (also for MariaDB) or "sqlite".`,
  sqlStoreOptions: (given: number) =>
    `sqlStore(): ${given} of "client" and "inject" were given; pass exactly one.`,
  sqlClosed:
    'The database of SqlSessionStore is closed; open it before the application starts, and close it after the application has stopped.',
  sqlGone:
    'The database of SqlSessionStore was closed while the application was running; close it only after the application has stopped.',
  tableMissing: (table: string, create: string) => `The session table ${table} does not exist; ${create}`,
  createByMigration:
    'run the migration CreateSessionTable (add it to "migrations"), or set synchronize: true in development.',
  createByStatement: (dialect: string, statement: string) =>
    `create it with this SQL, which sessionTable('${dialect}') of nest-session/sql returns for a migration:\n${statement}`,
  tableFaults: (table: string, faults: string, remedy: string) =>
    `The session table ${table} cannot store sessions correctly: ${faults}. Correct it with:\n${remedy}`,
  databaseReadOnly: (store: string) =>
    `The database of ${store} is read-only, so no session can be stored; connect the store to the writable server, not to a replica. See the cause.`,
  tableDenied: (store: string, table: string, grant: string) =>
    `The database user of ${store} lacks privileges on the session table ${table}; see the cause. Correct it as the owner of the table with:\n${grant}`,
  pruneInterval: (store: string, given: string) =>
    `${store} option "pruneInterval": ${given} was given; accepted: a number of milliseconds above zero, or false.`,
  columnRefused: (column: string, accepted: string) =>
    `The "${column}" of a session does not fit into its column, which accepts ${accepted}; the session was not stored.`,
  packetTooLarge: (bytes: number, max: number) =>
    `Storing the session takes a statement of ${bytes} bytes, more than the ${max} bytes of the server's max_allowed_packet; raise max_allowed_packet, or lower "maxDataBytes" to less than half of it.`,
  mysqlTooOld: (version: string) =>
    `Sessions need MySQL 8.0 or MariaDB 10.6 (SKIP LOCKED) or later, but the server is ${version}; upgrade the server, or use another session store.`,
  mysqlCharset: (given: string) =>
    `The connection uses the character set ${given}, which cannot represent every text; set charset: 'utf8mb4' in the options of the pool or the DataSource, or leave charset out.`,
  pgBinary:
    'The pool of "pg" has binary: true, and "pg" then reads numbers and times incorrectly; remove the setting (in the options of the pool, in "extra" of a DataSource, or pg.defaults.binary).',
  serverUntried: (server: string, like: string) =>
    `${server} is not supported: it locks and retries differently from ${like}, and the store was never tested on it; use PostgreSQL, MySQL, MariaDB or SQLite, or another session store such as RedisSessionStore.`,
  postgresTooOld: (version: string) =>
    `Sessions need PostgreSQL 12 or later, but the server is ${version}; upgrade the server, or use another session store.`,
  sqliteTransaction:
    'A transaction of the application was open for too long on the single SQLite connection; keep transactions short, and do not wait for the session inside a transaction.',

  // typeorm
  entityMissing:
    'SessionEntity is not an entity of the DataSource; add it to "entities" (or TypeOrmModule.forFeature([SessionEntity]) with autoLoadEntities).',
  driverUnsupported: (type: string) =>
    `TypeOrmSessionStore does not support the "${type}" driver; use PostgreSQL ("postgres"), MySQL ("mysql"), MariaDB ("mariadb") or SQLite ("better-sqlite3", "sqljs"), or another session store.`,
  typeOrmTooOld: (oldest: string, given: string) =>
    `TypeOrmSessionStore needs TypeORM ${oldest} or later, but ${given} is installed; install a later version: npm install typeorm.`,
  dataSourceClosed:
    'The DataSource of TypeOrmSessionStore is not initialized; call dataSource.initialize() before the application starts.',
  dataSourceGone:
    'The DataSource of TypeOrmSessionStore was closed while the application was running; call dataSource.initialize() to open it again.',
  dataSourceMissing: (token: string) =>
    `typeOrmStore() found no ${token} in the container; import TypeOrmModule.forRoot(...), or pass another token: typeOrmStore({ dataSource: token }).`,

  // redis
  redisClient: (given: string) =>
    `RedisSessionStore option "client": ${given} was given; accepted: a client of node-redis 5 or 6 (createClient, createClientPool, createCluster, createSentinel) or of ioredis 5 or 6 (new Redis, new Cluster).`,
  redisReplicas: (option: string, given: string) =>
    `RedisSessionStore option "client": the client of ioredis has ${option}: ${given}, so it reads from replicas, which lag behind and may still have a session that has ended; leave ${option} out, or set "master". If your application needs the setting, pass the store a client of its own.`,
  redisPrefix: (given: string) =>
    `RedisSessionStore option "prefix": ${given} was given; accepted: a string without braces, because braces determine the slot in a Redis Cluster.`,
  redisClosed:
    'The Redis client of RedisSessionStore is not connected; await client.connect() before the application starts.',
  redisSilent: (ms: number) =>
    `Redis did not answer within ${ms} ms when the application started; check that it is reachable.`,
  redisUnreachable:
    'redisStore() could not connect; check that "url" (by default redis://localhost:6379) is correct and Redis is reachable. See the cause.',
  redisPackage: 'redisStore() connects through the package "redis"; install it: npm install redis.',
  redisPackageOld:
    'redisStore() needs version 5 or later of the package "redis", but an older version is installed; install a later version (npm install redis), or connect your own client and use redisStore({ client }).',
  redisStoreOptions: (given: number) =>
    `redisStore(): ${given} of "client", "inject" and "url" were given; pass one, or none for redis://localhost:6379.`,
  redisStoreUndefined: (name: string) =>
    `redisStore() option "${name}" has no value; pass one, or leave the option out. Without "client", "inject" and "url", the store connects to redis://localhost:6379.`,

  // cookie
  cookieKeys: (name: string, given: string) =>
    `CookieSessionStore option "${name}": ${given} was given; accepted: an array of keys of 32 random bytes, as Buffers or as hex, base64 or base64url text, for example from "openssl rand -hex 32"; the first encrypts, all decrypt.`,
  cookieKeyTwice: (index: number) =>
    `CookieSessionStore option "keys[${index}]": this key is already in the array; add each key once.`,
  cookieChunks: (given: string, most: number) =>
    `CookieSessionStore option "chunks": ${given} was given; accepted: a whole number from 1 to ${most}.`,
  encryptionInCookie: (store: string) =>
    `SessionModule option "encryption": ${store} encrypts sessions itself; remove the option. The store derives its keys from "secret"; to use your own keys, pass new ${store}({ keys }).`,
  sealTooLarge: (data: number, length: number, most: number, cookies: number) =>
    `The session does not fit into its cookie: with ${data} bytes of data it needs ${length} bytes, but ${cookies === 1 ? 'one cookie has' : `${cookies} cookies have`} room for ${most} without the names (RFC 6265bis, section 5.6: 4096 bytes each); store large data in a database and its key in the session, raise the option "chunks" of CookieSessionStore, or use a store on the server. The previous cookie stays valid.`,

  // testing, health
  severalSessions: (count: number) =>
    `nest-session/testing: the application has ${count} SessionModules; pass app.select(module), where module is the return value of the right SessionModule.forRoot(...).`,
  noSessions: (given: string) =>
    `nest-session/testing: ${given} has no SessionModule; import SessionModule.forRoot(...) into the application, and pass the application or its compiled TestingModule.`,
  dataMember: (key: string) =>
    `nest-session/testing: "${key}" is a member of every session, so it cannot be a key of its data; use the option "prepare" for flash values and cookie settings.`,
  nothingStored:
    'nest-session/testing: the session is empty, so it was not stored and has no cookie; pass at least one data key.',
  noResponse: (caller: string, given: string) =>
    `${caller}: ${given} was given, which has no headers; pass a response of supertest, fetch or Fastify's inject (await it first). readSession also accepts a Cookie header.`,
  failOnDemand: 'failingStore: fail() was called, so every call fails; call recover() to end this.',
  healthTimeout: (ms: number) =>
    `The session store did not answer within ${ms} ms; check that it is reachable.`,
} as const;
