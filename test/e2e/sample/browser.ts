import { Client, type Answer } from '../../support/client.js';

/** A person's browser: asks for pages, sends forms, and goes where it is redirected to. */
export class Browser extends Client {
  override readonly headers: Record<string, string> = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  /** Where it is now. */
  path = '/';

  /** Goes to a page, and on to where that redirects. */
  async visit(path: string): Promise<Answer> {
    this.path = path;
    return this.#follow(await this.get(path));
  }

  /** Sends a form, and goes on to where that redirects. */
  async submit(path: string, fields: Record<string, string> = {}): Promise<Answer> {
    this.path = path;
    return this.#follow(await this.send(path, fields));
  }

  /** Sends a form, and stays. */
  async send(path: string, fields: Record<string, string> = {}): Promise<Answer> {
    const response = await this.fetching(this.base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...this.headers,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: this.cookieHeader,
      },
      body: new URLSearchParams(fields).toString(),
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.#keep(line);
    const { status, headers } = response;
    return { status, headers, setCookies, text: await response.text(), body: undefined };
  }

  override copy(): Browser {
    const copy = new Browser(this.base, this.fetching);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  async #follow(answer: Answer): Promise<Answer> {
    const location = answer.headers.get('location');
    if (location === null) return answer;
    if (!location.startsWith('/') || location.startsWith('//'))
      throw new Error(`sent elsewhere: ${location}`);
    return this.visit(location);
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
