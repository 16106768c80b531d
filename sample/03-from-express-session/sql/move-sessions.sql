-- Copies the sessions in the view old_session to the table of SessionEntity. Run again it adds those that are new, and
-- leaves alone those that are there.
INSERT INTO nest_session (
  handle, token, epoch, version, user_id, data, meta, created_at, last_seen_at, expires_at, authenticated_at, ip, user_agent
)
SELECT
  -- An id of SessionModule (step 2) carries the key of its session, any other has its digest for a key.
  CASE WHEN id ~ '^([A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{43})~[A-Za-z0-9_-]{43}$' THEN split_part(id, '~', 1) ELSE digest END,
  digest,
  COALESCE((facts ->> 'epoch')::int, 1),
  16777216, -- the first version, without a mark of its writer
  -- Whose session it is. Where your option "userId" finds that elsewhere in the data, say so at "owner" below.
  COALESCE(
    facts ->> 'userId',
    CASE WHEN json_typeof(owner) IN ('string', 'number') AND char_length(owner #>> '{}') BETWEEN 1 AND 255
         THEN owner #>> '{}' END
  ),
  -- Word for word. The old "cookie" in it is passed over, and goes with the session's next change.
  json,
  -- How long this session's own cookie lives.
  COALESCE(
    facts ->> 'meta',
    CASE json_typeof(cookie -> 'originalMaxAge')
      WHEN 'null' THEN '{"cookie":{"originalMaxAge":null}}'
      WHEN 'number' THEN format(
        '{"cookie":{"originalMaxAge":%s}}',
        LEAST((cookie ->> 'originalMaxAge')::numeric, 3155760000000) -- a hundred years are the most
      )
    END
  ),
  COALESCE((facts ->> 'createdAt')::bigint, now_ms),
  COALESCE((facts ->> 'lastSeenAt')::bigint, now_ms),
  expires_at,
  (facts ->> 'authenticatedAt')::bigint,
  facts ->> 'ip',
  facts ->> 'userAgent'
FROM old_session
CROSS JOIN LATERAL (
  -- base64url of SHA-256: whoever has the id is recognised, and nobody who reads the table finds the id.
  SELECT translate(rtrim(encode(sha256(convert_to(id, 'UTF8')), 'base64'), '='), '+/', '-_') AS digest
  OFFSET 0
) AS hashed
CROSS JOIN LATERAL (
  -- PostgreSQL cannot look into JSON with \u0000 or half a surrogate pair in it: it looks into a copy without.
  SELECT regexp_replace(json, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')::json AS sess,
         floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms
  OFFSET 0 -- works this out once for each row
) AS readable
CROSS JOIN LATERAL (
  SELECT sess -> 'cookie' AS cookie,
         -- What SessionModule added to the row where it had the session in hand (step 2).
         sess -> 'cookie' -> 'nestSession' AS facts,
         CASE COALESCE(json_typeof(sess -> 'userId'), 'null')
           WHEN 'null' THEN sess -> 'passport' -> 'user'
           ELSE sess -> 'userId'
         END AS owner
  OFFSET 0
) AS part
WHERE json_typeof(cookie) = 'object' -- else it is no session
ON CONFLICT (handle) DO NOTHING;
