/** Injects the session store. */
export const SESSION_STORE = Symbol('SESSION_STORE');

/**
 * Injects the options of `forRoot` or `forRootAsync`. They contain the secret and the keys, but hide both in JSON and
 * when they are printed.
 */
export const SESSION_OPTIONS = Symbol('SESSION_OPTIONS');

/**
 * Injects the session middleware, a plain `(req, res, next)` function. Register it yourself if other middleware in
 * `main.ts` needs the session. Middleware that a module adds with `consumer.apply(...)` always runs after it.
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

/** The connected parts of the module. @internal */
export const SESSION_RUNTIME = Symbol('SESSION_RUNTIME');

/** Metadata of `@RequireSession(...)`. @internal */
export const REQUIREMENTS = 'nest-session:requirements';

/** Metadata of `@RequireLogin(...)`. @internal */
export const LOGIN = 'nest-session:login';

/** Metadata of `@SkipCsrf()`. @internal */
export const SKIP_CSRF = 'nest-session:skip-csrf';

/** Metadata of `@PassiveSession()`. @internal */
export const PASSIVE = 'nest-session:passive';

/** Metadata of `@AllowAnonymous()`. @internal */
export const ANONYMOUS = 'nest-session:anonymous';
