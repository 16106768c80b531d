-- The live sessions of connect-typeorm, with the names of the entity in its documentation.
CREATE OR REPLACE TEMP VIEW old_session AS
SELECT id,
       json,
       "expiredAt"::bigint AS expires_at
  FROM "session"
 WHERE "expiredAt" > extract(epoch FROM now()) * 1000
   AND "destroyedAt" IS NULL
   AND json LIKE '{%}';
