import type { Request } from 'express';

/** Whether a browser asks. A client that accepts everything (`*` + `/*`) is a program. */
export function wantsHtml(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html';
}
