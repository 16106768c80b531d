import type { INestApplication } from '@nestjs/common';

/** Security headers. Nest sets them itself. Forged forms are refused by `CsrfGuard` in app.module.ts. */
export function protect(app: INestApplication): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: "'none'",
        styleSrc: "'self'",
        scriptSrc: "'self'",
        imgSrc: 'data:',
        connectSrc: "'self'", // the count-down asks when the session ends
        formAction: "'self'",
        baseUri: "'none'",
        frameAncestors: "'none'",
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: false, // it would hold for every other server on this host, too
  });
}
