-- One text for SQLite and PostgreSQL: whole numbers and texts. Money is in cents, times are Unix
-- seconds in UTC, and 0 and 1 are no and yes.
-- "binary" compares texts by their bytes. SQLite has it; the service makes it in PostgreSQL.

CREATE TABLE IF NOT EXISTS categories (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "binary" NOT NULL
);

CREATE TABLE IF NOT EXISTS products (
    id BIGINT PRIMARY KEY,
    category_id BIGINT NOT NULL REFERENCES categories (id),
    name TEXT COLLATE "binary" NOT NULL,
    description TEXT NOT NULL,
    folded TEXT NOT NULL, -- name and description without case, for the search
    price_cents BIGINT NOT NULL CHECK (price_cents >= 0),
    stock BIGINT NOT NULL CHECK (stock >= 0),
    created_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS reviews (
    id BIGINT PRIMARY KEY,
    product_id BIGINT NOT NULL REFERENCES products (id),
    author TEXT NOT NULL,
    rating BIGINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body TEXT NOT NULL,
    hidden BIGINT NOT NULL CHECK (hidden IN (0, 1)),
    created_at BIGINT NOT NULL
);

-- The two databases count up in different ways; this is one that both have.
CREATE TABLE IF NOT EXISTS counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS products_by_category ON products (category_id);
CREATE INDEX IF NOT EXISTS reviews_by_product ON reviews (product_id);
CREATE INDEX IF NOT EXISTS reviews_by_time ON reviews (created_at);
