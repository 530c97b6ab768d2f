-- Three roles and the database, once, as a superuser:
--
--   psql -v owner_password=… -v app_password=… -v index_password=… -v database=forum -f roles.sql postgres
--
--   forum_owner  owns the tables; for `forum init`, `upgrade`, `backup`, `restore`. Never for the server.
--   forum_app    owns nothing; reads and writes rows. For `forum serve`, and for `forum worker`.
--   forum_index  owns the search index alone, which is built anew from the rest. For `forum worker`.
--
-- After it: `forum init` as forum_owner, then grants.sql. Safe to repeat.
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['forum_owner', 'forum_app', 'forum_index']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE forum_owner PASSWORD :'owner_password' NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 10;
ALTER ROLE forum_app PASSWORD :'app_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE forum_index PASSWORD :'index_password' NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20;
-- The forum sets this itself; here it holds for whatever else signs in as this role.
ALTER ROLE forum_app SET statement_timeout = '5s';

SELECT format('CREATE DATABASE %I OWNER forum_owner ENCODING ''UTF8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO forum_app, forum_index;

\connect :database
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO forum_owner;
GRANT USAGE ON SCHEMA public TO forum_app;

-- Long misspelt words are found faster with it; only whoever owns the server may install it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
GRANT USAGE ON SCHEMA public TO forum_index;

CREATE SCHEMA IF NOT EXISTS forum_search AUTHORIZATION forum_index;
GRANT forum_index TO forum_owner;  -- a restore takes the old index away
GRANT USAGE ON SCHEMA forum_search TO forum_app;
ALTER DEFAULT PRIVILEGES FOR ROLE forum_index IN SCHEMA forum_search GRANT SELECT ON TABLES TO forum_app;
