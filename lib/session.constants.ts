/** Injects the store that sessions live in. */
export const SESSION_STORE = Symbol('SESSION_STORE');

/**
 * Injects the options as they were given to `forRoot`, or made for `forRootAsync`. They hold the secret and the keys, but
 * show neither as JSON or where they are printed.
 */
export const SESSION_OPTIONS = Symbol('SESSION_OPTIONS');

/**
 * Injects the session middleware, a plain `(req, res, next)` function, for what has to run after it and before Nest's
 * own middleware. Middleware that a module adds with `consumer.apply(...)` runs after it anyway.
 *
 * @example
 * ```ts
 * app.use(app.get(SESSION_MIDDLEWARE));
 * app.use(passport.session());
 * ```
 */
export const SESSION_MIDDLEWARE = Symbol('SESSION_MIDDLEWARE');

/** The options after they were checked, with every default. @internal */
export const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');

/** What the parts of the module share. @internal */
export const SESSION_RUNTIME = Symbol('SESSION_RUNTIME');

/** Metadata: what `@RequireSession(...)` asks for. @internal */
export const REQUIREMENTS = 'nest-session:requirements';

/** Metadata: what `@RequireLogin(...)` asks for. @internal */
export const LOGIN = 'nest-session:login';

/** Metadata: `@SkipCsrf()`. @internal */
export const SKIP_CSRF = 'nest-session:skip-csrf';

/** Metadata: `@PassiveSession()`. @internal */
export const PASSIVE = 'nest-session:passive';

/** Metadata: `@AllowAnonymous()`. @internal */
export const ANONYMOUS = 'nest-session:anonymous';
