import { consumers } from './support/consumers.js';
import { NEST_11 } from './support/matrix.js';

consumers(NEST_11);
