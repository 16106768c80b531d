export { LONGEST_DELAY } from '../record/time-limit.js';
