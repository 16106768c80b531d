-- The live sessions of connect-pg-simple. Its "expire" has no time zone: it is read with that of this connection, which
-- has to be the one of the application's connections (SHOW TimeZone).
CREATE OR REPLACE TEMP VIEW old_session AS
SELECT sid AS id,
       sess::text AS json,
       floor(extract(epoch FROM expire::timestamptz) * 1000)::bigint AS expires_at
  FROM "session"
 WHERE expire > localtimestamp;
