/** Injects the store of sessions. */
export const SESSION_STORE = Symbol('SESSION_STORE');

/**
 * Injects the options of `forRoot` or `forRootAsync`. They hold the secret and the keys, but show neither in JSON or when they
 * are printed.
 */
export const SESSION_OPTIONS = Symbol('SESSION_OPTIONS');

/**
 * Injects the session middleware, a plain `(req, res, next)` function. Register it yourself if middleware of `main.ts` needs
 * the session. Middleware that a module adds with `consumer.apply(...)` runs after it anyway.
 *
 * @example
 * ```ts
 * app.use(app.get(SESSION_MIDDLEWARE));
 * app.use(passport.session());
 * ```
 */
export const SESSION_MIDDLEWARE = Symbol('SESSION_MIDDLEWARE');

/** The checked options, with every default. @internal */
export const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');

/** The parts of the module, put together. @internal */
export const SESSION_RUNTIME = Symbol('SESSION_RUNTIME');

/** Metadata of `@RequireSession(...)`. @internal */
export const REQUIREMENTS = 'nest-session:requirements';

/** Metadata of `@RequireLogin(...)`. @internal */
export const LOGIN = 'nest-session:login';

/** Metadata of `@SkipCsrf()`. @internal */
export const SKIP_CSRF = 'nest-session:skip-csrf';

/** Metadata of `@AllowAnonymous()`. @internal */
export const ANONYMOUS = 'nest-session:anonymous';
