import { consumers } from './support/consumers.js';
import { NEST_10 } from './support/matrix.js';

consumers(NEST_10);
