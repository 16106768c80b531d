import { createHash } from 'node:crypto';
import type { RedisConnection } from './redis-client.js';
import { CREATED_AT, HOLD } from './stored-session.js';

/** Milliseconds that an index keeps an entry beyond the end of its session. */
const INDEX_MARGIN = 3_600_000;

/** What the script `write` returns if there is no session to replace. */
export const NO_SESSION = -1;

/** What the script `write` returns if the session has forgotten whether the write was applied: others came after it. */
export const FORGOTTEN = -2;

/** Versions that a session remembers: a write that is sent again recognises itself among them. */
const VERSIONS = 8;

/**
 * Adds a session to an index (a sorted set by time of expiry), and drops entries whose session has ended long ago.
 *
 * Instances compute the time of expiry, and their clocks may be wrong. The server's clock therefore sets a lower limit:
 * an entry stays longer than Redis keeps its session, whatever the clock of an instance says.
 */
const FILE = `
local function file(index, member, expires_at, ttl, mode)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', now - ${INDEX_MARGIN})
  redis.call('ZADD', index, mode, math.max(expires_at, now + ttl - ${INDEX_MARGIN / 2}), member)
  local life = ttl + ${INDEX_MARGIN}
  if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, life) end
end
`;

const sources = {
  /**
   * Writes a session if its version is the expected one, together with its entries in the indexes.
   *
   * A write that was applied before is not applied again, and answered as it was then: a client sends a command again if
   * the connection broke before the answer. A touch that was applied before may be applied again.
   *
   * KEYS: the session; the indexes to add it to; the mark that the write leaves, if it leaves one. The mark recognises the
   * write even after the session has forgotten its version, or has ended.
   * ARGV: the expected version (empty: there must be no session; or the hold that must stand there), the version, the
   * second and third line, the fourth line (empty: keep it), milliseconds that Redis keeps the session, milliseconds that it
   * keeps the mark (empty: there is none); if there are indexes, for them: member, time of expiry, mode of ZADD.
   * Returns 1; 0 if the condition does not hold; -1 if there is no session to replace; -2 if the condition does not hold,
   * and the session was written so often since that it does not remember whether this write was applied.
   */
  write: `${FILE}
local expected, version, head, body, ttl, mark_life = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local there = body == '' and redis.call('GET', KEYS[1]) or redis.call('GETRANGE', KEYS[1], 0, 255)
local versions = string.match(there, '^[^\\n]*')
local current = string.match(there, '^[^ \\n]+') or there
local mark = mark_life ~= '' and KEYS[#KEYS]
if mark and (there ~= '' or expected == '') and redis.call('EXISTS', mark) == 1 then return 1 end
if current ~= expected then
  if there == '' then return ${NO_SESSION} end
  local function remembers(one) return string.find(' ' .. versions .. ' ', ' ' .. one .. ' ', 1, true) end
  if version ~= expected and remembers(version) then return 1 end
  return remembers(expected) and 0 or ${FORGOTTEN}
end
if version ~= current then
  local kept = version
  local count = 1
  for earlier in string.gmatch(' ' .. versions, ' (%d+)') do
    if count == ${VERSIONS} then break end
    kept = kept .. ' ' .. earlier
    count = count + 1
  end
  versions = kept
end
if body == '' then
  local at = 0
  for _ = 1, 3 do at = string.find(there, '\\n', at + 1, true) end
  body = string.sub(there, at + 1)
end
redis.call('SET', KEYS[1], versions .. '\\n' .. head .. body, 'PX', ttl)
for i = 2, mark and #KEYS - 1 or #KEYS do file(KEYS[i], ARGV[7], ARGV[8], ttl, ARGV[9]) end
if mark then redis.call('SET', mark, '', 'PX', mark_life) end
return 1`,

  /**
   * Removes a session if it belongs to a user and is old enough, together with its entries in the indexes.
   *
   * KEYS: the session; the indexes that list it if it belongs to that user.
   * ARGV: its second line, its member in the indexes, the hold to leave in its place (empty: none), milliseconds of that,
   * the latest time at which it may have been created (empty: any).
   * Returns {1}; {0} if there is no session, or a later one; {0, second line} if it belongs to somebody else. A removal that was applied
   * before and has left its hold is answered as it was then.
   */
  remove: `
local there = redis.call('GETRANGE', KEYS[1], 0, 1023)
if there == '' then return {0} end
if string.sub(there, 1, 1) == '${HOLD}' then return {there == ARGV[3] and 1 or 0} end
local second_line = '^%d[%d ]*\\n([^\\n]*)\\n'
local owner = string.match(there, second_line)
if not owner and #there == 1024 then owner = string.match(redis.call('GET', KEYS[1]), second_line) end
owner = owner or 'null'
if owner ~= ARGV[1] then return {0, owner} end
if ARGV[5] ~= '' then
  local line = string.match(redis.call('GET', KEYS[1]), '^[^\\n]*\\n[^\\n]*\\n([^\\n]*)')
  local is_read, facts = pcall(cjson.decode, line)
  local created_at = is_read and type(facts) == 'table' and tonumber(facts[${CREATED_AT}])
  if created_at and created_at > tonumber(ARGV[5]) then return {0} end
end
redis.call('DEL', KEYS[1]) -- first: a server out of memory refuses SET, but not after a write of the same script
if ARGV[3] ~= '' then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
for i = 2, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2]) end
return {1}`,

  /** Adds a session to an index that is in another slot. KEYS: the index. ARGV: member, time of expiry, milliseconds, mode. */
  file: `${FILE}
file(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return 1`,

  /** Removes a hold. KEYS: where it stands. ARGV: the hold. */
  release: `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
};

export type ScriptName = keyof typeof sources;

const SHA1: Readonly<Record<ScriptName, string>> = {
  write: sha1(sources.write),
  remove: sha1(sources.remove),
  file: sha1(sources.file),
  release: sha1(sources.release),
};

/** Runs a script by its digest, and by its text if the server does not know it: it was restarted, or its scripts were flushed. */
export async function runScript(
  connection: RedisConnection,
  name: ScriptName,
  keys: readonly [string, ...string[]],
  args: readonly string[],
): Promise<unknown> {
  try {
    return await connection.send(keys[0], ['EVALSHA', SHA1[name], String(keys.length), ...keys, ...args]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.send(keys[0], ['EVAL', sources[name], String(keys.length), ...keys, ...args]);
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
