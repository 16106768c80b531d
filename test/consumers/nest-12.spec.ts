import { consumers } from './support/consumers.js';
import { NEST_12 } from './support/matrix.js';

consumers(NEST_12);
