import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** Sends a request whose header lines are any bytes (one character each), as no decent client would. */
export function rawRequest(base: string, path: string, lines: readonly string[]): Promise<RawAnswer> {
  const { port, hostname } = new URL(base);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may hang up on what it refuses before it has read all of it.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(answerOf(Buffer.concat(chunks).toString('latin1'))));
    const head = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...lines, '', ''];
    socket.write(Buffer.from(head.join('\r\n'), 'latin1'));
  });
}

function answerOf(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    setCookies: lines.flatMap((line) => /^set-cookie: (.*)$/i.exec(line)?.[1] ?? []),
    body: text.slice(end + 4),
  };
}
