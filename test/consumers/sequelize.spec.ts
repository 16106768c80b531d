import { recipe } from './support/recipes.js';

recipe({
  heading: 'Sequelize',
  folder: 'sequelize',
  dependencies: { sequelize: '^6.37.0', umzug: '^3.8.0' },
});
