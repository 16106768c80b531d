import type { SessionContent } from '../session-content.js';
import type { SetUp } from '../setup.js';
import { withLeast } from './least.js';

/** A map: what a request changes is changed. */
const setUp: SetUp = () => {
  const sessions = new Map<string, SessionContent>();
  return withLeast({
    read: (id) => sessions.get(id),
    write: (id, content) => void sessions.set(id, content),
  });
};

export default setUp;
