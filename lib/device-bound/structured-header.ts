/** A parameter of an item (RFC 9651, section 3.1.2), with a string, a token or nothing as its value. */
const PARAMETER = String.raw`; *[a-z*][a-z0-9_.*-]*(?:=(?:"[ !#-\[\]-~]*"|[\w!#$%&'*+.^|~:/-]+))?`;

/** A string without escapes (RFC 9651, section 3.3.3), and parameters, which are ignored. */
const STRING = new RegExp(`^"([ !#-\\[\\]-~]*)"(?:${PARAMETER})*$`);

/** The same without quotes, as Chromium sends it. */
const BARE = /^[\w.~+/=-]+$/;

/**
 * The value of a header that is one string (RFC 9651); Chromium leaves out the quotes.
 *
 * @param maxLength - Longer headers are ignored.
 * @returns Undefined for any other value, such as a repeated header.
 */
export function stringIn(header: string | string[] | undefined, maxLength: number): string | undefined {
  if (typeof header !== 'string' || header.length > maxLength) return undefined;
  const [, quoted] = STRING.exec(header) ?? [];
  return quoted ?? (BARE.test(header) ? header : undefined);
}

/** A string in the format of a header. The text must contain neither quotes nor backslashes. */
export function quoted(text: string): string {
  return `"${text}"`;
}
