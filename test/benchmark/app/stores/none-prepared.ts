import type { Server } from 'node:http';
import { type ExpressPrototypes, makeForExpress } from '../../../../lib/http/express-classes.js';
import type { SetUp } from '../setup.js';

/** No session, but what `SessionModule` does for Express beside sessions. */
const setUp: SetUp = () => ({
  prepare: (app) =>
    makeForExpress(app.getHttpServer() as Server, app.getHttpAdapter().getInstance() as ExpressPrototypes),
});

export default setUp;
