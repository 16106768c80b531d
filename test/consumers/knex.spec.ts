import { recipe } from './support/recipes.js';

recipe({ heading: 'Knex', folder: 'knex', dependencies: { knex: '^3.3.0' } });
