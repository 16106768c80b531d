/**
 * The data of sessions. Declare your keys once, by declaration merging.
 *
 * @example
 * ```ts
 * declare module 'nest-session/express' {
 *   interface SessionData { views: number }
 * }
 * ```
 */
export interface SessionData {}
