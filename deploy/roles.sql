-- The database of Pons on PostgreSQL: who owns the tables and migrates, and who may only use them. Run it as the
-- server's administrator; it may be run again. Other names: psql -v owner=... -v application=... -v database=...
-- What the application may do with each table is granted by `flask setup` as the owner (DATABASE_ROLE): never DDL, and
-- of the trail only reading and adding. tests/operations runs this file on a real server.
\set ON_ERROR_STOP on
\if :{?owner} \else \set owner pons_owner \endif
\if :{?application} \else \set application pons \endif
\if :{?database} \else \set database pons \endif

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', name)
  FROM unnest(ARRAY[:'owner', :'application']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

-- The server's log quotes no row, whatever is refused.
ALTER ROLE :"owner" SET log_error_verbosity = 'terse';
ALTER ROLE :"owner" SET log_min_error_statement = 'panic';
ALTER ROLE :"application" SET log_error_verbosity = 'terse';
ALTER ROLE :"application" SET log_min_error_statement = 'panic';

-- Nobody but these two, and of these two the application makes nothing, not even a table of its own for a while.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"application";

\connect :"database"
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM :"application";
