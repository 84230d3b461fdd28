-- After db/seed.sql: what the service adds where it loads the seed itself (src/database.rs, `fill`).

-- The seed counts its times from the day of the load, so that there is something lately.
UPDATE products SET created_at = created_at + floor(extract(epoch FROM now()) / 86400)::BIGINT * 86400;
UPDATE reviews SET created_at = created_at + floor(extract(epoch FROM now()) / 86400)::BIGINT * 86400;

-- What the search looks through. By ICU, so that the server's locale makes no difference.
UPDATE products SET folded = lower((name || E'\n' || description) COLLATE "und-x-icu");
