import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

/** `fetch` for servers whose certificate nobody has signed but they themselves: what tests ask of it, and no more. */
export const fetchInsecurely: typeof fetch = async (url, { method = 'GET', headers, body } = {}) => {
  const sent = request(url as string, {
    method,
    headers: headers as Record<string, string>,
    rejectUnauthorized: false,
  });
  sent.end(body);
  const [received] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks = (await received.toArray()) as Buffer[];
  const answered = new Headers();
  for (let index = 0; index < received.rawHeaders.length; index += 2)
    answered.append(received.rawHeaders[index]!, received.rawHeaders[index + 1]!);
  const status = received.statusCode!;
  return new Response(status === 204 || status === 304 ? null : Buffer.concat(chunks), {
    status,
    headers: answered,
  });
};
