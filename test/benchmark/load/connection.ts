import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a request was answered. */
export interface Answered {
  readonly head: string;
  readonly body: string;
}

interface Waiting {
  readonly accepted: RegExp;
  readonly resolve: (answered: Answered) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection that asks one thing at a time, and does as little as it can, so that next to nothing of what is
 * measured is its own.
 */
export class Connection {
  #waiting: Waiting | undefined;
  #received = '';

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The application closed the connection.')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  static openMany(port: number, amount: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: amount }, () => Connection.open(port)));
  }

  /** @throws Error when the status is none of those accepted, or the answer does not say how long it is. */
  ask(request: string, accepted = /^HTTP\/1.1 200 /): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#waiting = { accepted, resolve, reject };
      this.socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  #receive(chunk: string): void {
    this.#received = this.#received === '' ? chunk : this.#received + chunk;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined || this.#waiting?.accepted.test(head) === false) {
      return this.#fail(new Error(`The application answered:\n${this.#received}`));
    }
    const body = this.#received.slice(end + 4);
    if (body.length < Number(length)) return;
    this.#received = '';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ head, body });
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** Asks over several connections until `amount` answers are there. */
export async function askMany(
  port: number,
  amount: number,
  connections: number,
  request: () => string,
): Promise<Answered[]> {
  const open = await Connection.openMany(port, connections);
  const answers: Answered[] = [];
  let due = amount;
  const work = async (connection: Connection): Promise<void> => {
    while (due > 0) {
      due -= 1;
      answers.push(await connection.ask(request()));
    }
  };
  try {
    await Promise.all(open.map(work));
  } finally {
    for (const connection of open) connection.close();
  }
  return answers;
}

/** The cookie that an answer sets, as a client sends it back. */
export function cookieOf({ head }: Answered): string | undefined {
  return /\r\nset-cookie: ([^;\r]+)/i.exec(head)?.[1];
}
