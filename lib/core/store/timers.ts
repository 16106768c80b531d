/** The longest delay a timer can count, in milliseconds: 24 days. A longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;
