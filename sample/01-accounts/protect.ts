import type { INestApplication } from '@nestjs/common';

/** What every application with forms and cookies should have: Nest brings it along. */
export function protect(app: INestApplication): void {
  app.enableCsrfProtection();
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: "'none'",
        styleSrc: "'self'",
        imgSrc: 'data:',
        formAction: "'self'",
        baseUri: "'none'",
        frameAncestors: "'none'",
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: false, // it listens on plain HTTP
  });
}
