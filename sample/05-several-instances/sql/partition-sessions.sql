-- Divides the table of the sessions into eight by the hash of its key, in PostgreSQL 12 or later. In one go: sessions wait as
-- long as the copying takes. The primary key holds over all parts, as it is what divides them.
BEGIN;
LOCK TABLE nest_session IN ACCESS EXCLUSIVE MODE;
ALTER TABLE nest_session RENAME TO nest_session_whole;
CREATE TABLE nest_session (LIKE nest_session_whole INCLUDING ALL) PARTITION BY HASH (handle);
DO $$
BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format(
      'CREATE TABLE nest_session_%s PARTITION OF nest_session FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
  END LOOP;
END $$;
INSERT INTO nest_session SELECT * FROM nest_session_whole;
DROP TABLE nest_session_whole;
COMMIT;
