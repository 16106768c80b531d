/**
 * What an application keeps in its sessions, declared once by declaration merging.
 *
 * @example
 * ```ts
 * declare module 'nest-session/express' {
 *   interface SessionData { views: number }
 * }
 * ```
 */
export interface SessionData {}
