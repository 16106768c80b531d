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
