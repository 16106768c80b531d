/** The stored facts of a session whose owner acts for another user. */
export interface Acting {
  /** Whom the session acts for. */
  readonly as: string;
  /** What the data key `userId` was before; undefined if there was none. */
  readonly own?: string | number;
  /** When it is over, in milliseconds since the epoch. */
  readonly until: number;
  /** What the session is then: the owner's again, or over. */
  readonly onLimit: 'stop' | 'end';
}

/** Whether something that was stored has the shape of {@link Acting}. */
export function isActing(value: unknown): value is Acting {
  if (typeof value !== 'object' || value === null) return false;
  const { as, own, until, onLimit } = value as Partial<Record<keyof Acting, unknown>>;
  const isOwn = own === undefined || typeof own === 'string' || Number.isFinite(own);
  return (
    typeof as === 'string' && isOwn && Number.isFinite(until) && (onLimit === 'stop' || onLimit === 'end')
  );
}

/** Whether the data still belongs to a session that acts for another user: the application has not changed `userId`. */
export function isActedIn(data: object, { as }: Acting): boolean {
  return String((data as { userId?: unknown }).userId) === as;
}

/** Puts the owner's own `userId` back. */
export function giveBack(data: object, { own }: Acting): void {
  if (own === undefined) Reflect.deleteProperty(data, 'userId');
  else (data as { userId?: unknown }).userId = own;
}

/** When a session ends because of it, in milliseconds since the epoch. */
export function endOfActing(acting: Acting | undefined): number {
  return acting?.onLimit === 'end' ? acting.until : Infinity;
}
