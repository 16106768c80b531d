/** What the benchmark keeps in a session: about 700 bytes as JSON. */
export interface SessionContent {
  userId: string;
  name: string;
  email: string;
  roles: string[];
  locale: string;
  cart: { sku: string; title: string; amount: number; price: number }[];
  seen: string[];
  visits: number;
}

let lastUser = 0;

/** The content of a new session, of a user of its own. */
export function newContent(): SessionContent {
  lastUser += 1;
  const userId = `user-${String(lastUser).padStart(8, '0')}`;
  return {
    userId,
    name: 'Ada King, Countess of Lovelace',
    email: `${userId}@example.org`,
    roles: ['customer', 'newsletter'],
    locale: 'en-GB',
    cart: ['A4-0815', 'B7-4711', 'C1-0042', 'D9-1234', 'E3-5813', 'F8-2134'].map((sku, index) => ({
      sku,
      title: 'A reasonably long title',
      amount: index + 1,
      price: 1999,
    })),
    seen: ['A4-0815', 'B7-4711', 'C1-0042', 'D9-1234', 'E3-5813', 'F8-2134'],
    visits: 0,
  };
}

/** What a route answers: little, and always as long, so that the session is all that differs. */
export interface Answer {
  readonly items: number;
  readonly visits: number;
}

/** Reads the session; throws where there is none, so that a session that was lost is an error and never a fast answer. */
export function answerOf({ cart, visits }: Partial<SessionContent>): Answer {
  if (cart === undefined || visits === undefined) throw new Error('The session has lost its content.');
  return { items: cart.length, visits };
}
