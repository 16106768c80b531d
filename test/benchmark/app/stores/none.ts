import type { SetUp } from '../setup.js';

const setUp: SetUp = () => ({});

export default setUp;
