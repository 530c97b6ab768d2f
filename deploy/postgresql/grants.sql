-- What the application may do with the tables, as forum_owner: after `forum init`, `upgrade` and `restore`.
--
--   psql -f grants.sql postgresql://forum_owner@host/forum
--
-- Safe to repeat. Rows of the record can be added and read, by nobody's will changed or deleted.
\set ON_ERROR_STOP on
BEGIN;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM forum_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO forum_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO forum_app;
REVOKE UPDATE, DELETE ON audit_entry FROM forum_app;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM forum_app;
COMMIT;
