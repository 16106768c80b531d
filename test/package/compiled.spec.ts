import { jest } from '@jest/globals';

// What the compiler is asked is in one file: reading its own types and those of Nest takes longer than all that is asked.
import './compiled/exports.js';
import './compiled/express-types.js';
import './compiled/migration-guide.js';
import './compiled/readme.js';
import './compiled/types.js';

jest.setTimeout(300_000); // a compiler takes its time on a busy machine
