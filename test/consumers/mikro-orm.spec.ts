import { recipe } from './support/recipes.js';

const version = '7.2.1';

recipe({
  heading: 'MikroORM',
  folder: 'mikro-orm',
  dependencies: {
    '@mikro-orm/core': version,
    '@mikro-orm/migrations': version,
    '@mikro-orm/nestjs': '^7.1.0',
    '@mikro-orm/postgresql': version,
  },
});
