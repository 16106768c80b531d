import { afterEach, describe, expect, it } from '@jest/globals';
import { PEERS, serve, stopServers } from './support/peers.js';

describe.each(PEERS)('%s', (_, session) => {
  afterEach(stopServers);

  it('remembers a visitor', async () => {
    const { client } = await serve(
      session,
      { secret: 'keyboard cat', resave: false, saveUninitialized: false },
      (req, res) => res.end(String((req.session.views = (req.session.views ?? 0) + 1))),
    );
    const visitor = client();
    expect((await visitor.get('/')).text).toBe('1');
    expect((await visitor.get('/')).text).toBe('2');
  });
});
