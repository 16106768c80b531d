import type { Express } from 'express';

/** The shop as it was written for express-session. */
export function addShop(app: Express): void {
  app.get('/', (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1;
    const { views, userId = null } = req.session;
    res.json({ views, userId });
  });

  app.post('/login/:name', (req, res, next) => {
    const { views = 0 } = req.session;
    req.session.regenerate((error: unknown) => {
      if (error) return next(error);
      req.session.userId = req.params.name;
      req.session.views = views;
      res.json({ userId: req.session.userId });
    });
  });

  app.post('/logout', (req, res, next) => {
    req.session.destroy((error: unknown) => {
      if (error) return next(error);
      res.status(204).end();
    });
  });
}
