import { createServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Creates requests and responses with the prototypes that Express would otherwise set on each of them later. */
export class EarlyExpressAdapter extends ExpressAdapter {
  override initHttpServer({ httpsOptions, ...options }: NestApplicationOptions): void {
    class Request extends IncomingMessage {}
    class Response extends ServerResponse {}
    const app = this.getInstance<RequestListener & { request: object; response: object }>();
    app.request = Object.setPrototypeOf(Request.prototype, app.request) as object;
    app.response = Object.setPrototypeOf(Response.prototype, app.response) as object;
    const classes = { IncomingMessage: Request, ServerResponse: Response };
    super.initHttpServer({
      ...options,
      ...(httpsOptions && { httpsOptions: { ...httpsOptions, ...classes } }),
    });
    if (!httpsOptions) this.setHttpServer(createServer(classes, app));
  }
}
