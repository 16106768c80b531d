import { consumers } from './support/consumers.js';
import { PNPM } from './support/matrix.js';

consumers(PNPM);
