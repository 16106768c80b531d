import type { Request } from 'express';

/** Whether a person with a browser asks, rather than a program: `*` + `/*` alone is a program. */
export function wantsHtml(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html';
}
