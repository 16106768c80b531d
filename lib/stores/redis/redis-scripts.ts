import { createHash } from 'node:crypto';
import type { RedisConnection } from './redis-client.js';

/** Milliseconds that the indexes keep what has expired: clocks of instances differ, and no session may be missing early. */
export const INDEX_MARGIN = 3_600_000;

/** Files a session in an index (a sorted set by expiry), and drops what has long expired from it. */
const FILE = `
local function file(index, member, score, ttl, cutoff, mode)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', cutoff)
  redis.call('ZADD', index, mode, score, member)
  local life = tonumber(ttl) + ${INDEX_MARGIN}
  if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, life) end
end
`;

const sources = {
  /**
   * Adds a session, or replaces it while its version and key are as expected: all or nothing.
   *
   * KEYS: where it stands, where it goes (the same, unless its key was renewed), where its previous key finds it (the same as
   * where it goes, if nowhere), the indexes that it is filed in, the index that its former key was in.
   * ARGV: what it must begin with (empty: it must not exist), its head, its body (empty: keep), its life in milliseconds,
   * the name where it goes, how many indexes it is filed in, member, score, cutoff, former member, mode of ZADD,
   * and the pointer to disregard ('*': any).
   * Returns 1, 0 where the condition does not hold, -1 where there is no session with this key to replace, or the pointer that
   * stands there.
   */
  write: `${FILE}
local guard, head, body, ttl, target, filed = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local member, score, cutoff, former, mode, ignored = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local function points(value) return string.sub(value, 1, 1) == '>' end
local there = redis.call('GET', KEYS[1])
if there and points(there) then
  if ignored ~= '*' and ignored ~= there then return there end
  there = false
end
if guard == '' then
  if there then return 0 end
elseif not there then return -1
elseif string.sub(there, 1, #guard) ~= guard then
  if string.match(there, '^%d+ ([^ ]*)') == string.match(guard, '^%d+ ([^ ]*)') then return 0 end
  return -1
end
if KEYS[2] ~= KEYS[1] then
  local taken = redis.call('GET', KEYS[2])
  if taken and not points(taken) then return 0 end
  redis.call('DEL', KEYS[1])
end
if body == '' then
  local first = string.find(there, '\\n', 1, true)
  body = string.sub(there, string.find(there, '\\n', first + 1, true) + 1)
end
redis.call('SET', KEYS[2], head .. body, 'PX', ttl)
if KEYS[3] ~= KEYS[2] then
  local other = redis.call('GET', KEYS[3])
  if not other or points(other) then redis.call('SET', KEYS[3], '>' .. target, 'PX', ttl) end
end
for i = 4, #KEYS do
  if former ~= member then redis.call('ZREM', KEYS[i], former) end
  if i < 4 + filed then file(KEYS[i], member, score, ttl, cutoff, mode) end
end
return 1`,

  /** Removes the session with a key or previous key; returns its head, 0, or the pointer that stands there. */
  remove: `
local there = redis.call('GET', KEYS[1])
if not there then return 0 end
if string.sub(there, 1, 1) == '>' then return there end
local key, previous = string.match(there, '^%d+ ([^ \\n]+) ([^ \\n]*)\\n')
if key ~= nil and key ~= ARGV[1] and previous ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if key == nil then return '' end
local first = string.find(there, '\\n', 1, true)
return string.sub(there, 1, string.find(there, '\\n', first + 1, true))`,

  /** Points a key to a session elsewhere, for at least as long; 0 where something else stands. */
  point: `
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] then return 0 end
if not there or redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1`,

  /** Files a session in an index that no slot shares with it. */
  file: `${FILE}
file(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return 1`,
};

export type ScriptName = keyof typeof sources;

const SHA1: Readonly<Record<ScriptName, string>> = {
  write: sha1(sources.write),
  remove: sha1(sources.remove),
  point: sha1(sources.point),
  file: sha1(sources.file),
};

/** Runs a script by its digest, and in full where the server does not know it: it was restarted, or has flushed them. */
export async function runScript(
  connection: RedisConnection,
  name: ScriptName,
  keys: readonly [string, ...string[]],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await connection.send(keys[0], ['EVALSHA', SHA1[name], ...rest]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.send(keys[0], ['EVAL', sources[name], ...rest]);
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
