export { SecondFactor } from '../../../../sample/07-second-factor/second-factor.js';
