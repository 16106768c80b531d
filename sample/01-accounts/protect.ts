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
        formAction: "'self'",
        baseUri: "'none'",
        frameAncestors: "'none'",
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: false, // the sample listens on plain HTTP
  });
}
