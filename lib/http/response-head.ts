import { type OutgoingHttpHeader, type ServerResponse, validateHeaderValue } from 'node:http';
import { nodeError } from './node-response.js';

/** Applies the arguments of writeHead to the response and returns what is left of them for the native call. */
export function applyHead(res: ServerResponse, [status, reason, last]: unknown[]): unknown[] {
  const statusCode = Number(status) | 0;
  if (statusCode < 100 || statusCode > 999) {
    throw nodeError(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${String(status)}`);
  }
  const hasReason = typeof reason === 'string';
  if (hasReason) {
    validateHeaderValue('statusMessage', reason);
    res.statusMessage = reason;
  }
  res.statusCode = statusCode;
  const seen = new Set<string>();
  for (const [name, value] of headerLines(hasReason ? last : (last ?? reason))) {
    if (!name) continue;
    const key = name.toLowerCase();
    if (seen.has(key)) res.appendHeader(name, value as string);
    else res.setHeader(name, Array.isArray(value) ? [...value] : value);
    seen.add(key);
  }
  return hasReason ? [statusCode, reason] : [statusCode];
}

function headerLines(headers: unknown): [string, OutgoingHttpHeader][] {
  if (!Array.isArray(headers)) return Object.entries((headers ?? {}) as Record<string, OutgoingHttpHeader>);
  if (Array.isArray(headers[0])) return headers as [string, OutgoingHttpHeader][];
  if (headers.length % 2 !== 0) {
    throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'The headers array has a name without a value');
  }
  const lines: [string, OutgoingHttpHeader][] = [];
  for (let i = 0; i < headers.length; i += 2) lines.push([headers[i] as string, headers[i + 1] as string]);
  return lines;
}
