-- Before db/schema.sql: SQLite has this name, PostgreSQL has to be taught it. The service does the same.
CREATE COLLATION IF NOT EXISTS "binary" (LOCALE = 'C');
