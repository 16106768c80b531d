/**
 * A copy of a text, for what is kept longer than a request. A text that was cut out of another one (a header, the body of a
 * request) is not a copy but a view, and would keep the whole of the other in memory for as long as it is kept itself.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
