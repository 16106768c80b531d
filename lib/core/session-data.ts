/**
 * The data your application keeps in a session. Declare your keys once, by declaration merging:
 *
 * @example
 * ```ts
 * declare module 'nest-session' {
 *   interface SessionData {
 *     userId?: string;
 *     cart?: CartItem[];
 *   }
 * }
 * ```
 */
export interface SessionData {}

/** A key of {@link SessionData}, or any string if the application declares no data. */
export type SessionKey = [keyof SessionData] extends [never] ? string : Extract<keyof SessionData, string>;
