-- Ten categories of fifty products with ten reviews each: the same rows on every load and on both
-- databases. What looks random is arithmetic with primes. Run once, on empty tables, inside a
-- transaction. Times are seconds before the day of the load, which the service adds; it also fills
-- the column `folded`.

INSERT INTO categories (id, name) VALUES
    (1, 'Audio'),
    (2, 'Books'),
    (3, 'Café & Kitchen'),
    (4, 'Camping'),
    (5, 'Cycling'),
    (6, 'Garden'),
    (7, 'Home Office'),
    (8, 'Lighting'),
    (9, 'Toys'),
    (10, 'Winter Sports');

-- Each noun of a category with each of five kinds: product 50 * (category - 1) + 5 * noun + kind.
INSERT INTO products (id, category_id, name, description, folded, price_cents, stock, created_at)
WITH kinds (n, word, praise) AS (VALUES
    (1, 'Everyday', 'For people who simply need one that works.'),
    (2, 'Compact', 'Half the size and all of the use: it fits into a drawer.'),
    (3, 'Classic', 'Made the way it always was, and built to last.'),
    (4, 'Nordic', 'Designed in Ærøskøbing: light wood, clear lines, 100% recycled packaging.'),
    (5, 'Deluxe', 'With a numbered certificate and a lifetime of spare parts.')
),
nouns (category_id, n, word) AS (VALUES
    (1, 0, 'Headphones'), (1, 1, 'Speaker'), (1, 2, 'Turntable'), (1, 3, 'Soundbar'),
    (1, 4, 'Microphone'), (1, 5, 'Amplifier'), (1, 6, 'Radio'), (1, 7, 'Earbuds'), (1, 8, 'Mixer'),
    (1, 9, 'Record Cleaner'),
    (2, 0, 'Cookbook'), (2, 1, 'Atlas'), (2, 2, 'Novel'), (2, 3, 'Sketchbook'),
    (2, 4, 'Field Guide'), (2, 5, 'Poetry Collection'), (2, 6, 'Biography'), (2, 7, 'Dictionary'),
    (2, 8, 'Picture Book'), (2, 9, 'Travel Journal'),
    (3, 0, 'Espresso Cup'), (3, 1, 'Milk Frother'), (3, 2, 'French Press'),
    (3, 3, 'Chef''s Knife'), (3, 4, 'Crêpe Pan'), (3, 5, 'Éclair Tin'), (3, 6, 'Kettle'),
    (3, 7, 'Cutting Board'), (3, 8, 'Jam Jar'), (3, 9, 'Bread Bin'),
    (4, 0, 'Tent'), (4, 1, 'Sleeping Bag'), (4, 2, 'Camp Stove'), (4, 3, 'Headlamp'),
    (4, 4, 'Hammock'), (4, 5, 'Water Filter'), (4, 6, 'Folding Chair'), (4, 7, 'Dry Bag'),
    (4, 8, 'Trekking Poles'), (4, 9, 'Enamel Mug'),
    (5, 0, 'Helmet'), (5, 1, 'Bell'), (5, 2, 'Saddle'), (5, 3, 'Floor Pump'), (5, 4, 'Pannier'),
    (5, 5, 'Rain Cape'), (5, 6, 'Bottle Cage'), (5, 7, 'Chain Lock'), (5, 8, 'Handlebar Tape'),
    (5, 9, 'Rear Light'),
    (6, 0, 'Pruning Shears'), (6, 1, 'Watering Can'), (6, 2, 'Raised Bed'), (6, 3, 'Trowel'),
    (6, 4, 'Compost Bin'), (6, 5, 'Bird Feeder'), (6, 6, 'Garden Hose'), (6, 7, 'Plant Lamp'),
    (6, 8, 'Seed Box'), (6, 9, 'Wheelbarrow'),
    (7, 0, 'Desk'), (7, 1, 'Desk Lamp'), (7, 2, 'Office Chair'), (7, 3, 'Monitor Stand'),
    (7, 4, 'Keyboard'), (7, 5, 'Mouse'), (7, 6, 'Notebook'), (7, 7, 'Filing Box'),
    (7, 8, 'Fountain Pen'), (7, 9, 'Footrest'),
    (8, 0, 'Floor Lamp'), (8, 1, 'Pendant Lamp'), (8, 2, 'Table Lamp'), (8, 3, 'Lantern'),
    (8, 4, 'String Lights'), (8, 5, 'Wall Light'), (8, 6, 'Candle Holder'), (8, 7, 'Night Light'),
    (8, 8, 'Reading Lamp'), (8, 9, 'Spotlight'),
    (9, 0, 'Wooden Train'), (9, 1, 'Kite'), (9, 2, 'Puzzle'), (9, 3, 'Marble Run'),
    (9, 4, 'Building Blocks'), (9, 5, 'Plush Bear'), (9, 6, 'Spinning Top'), (9, 7, 'Board Game'),
    (9, 8, 'Doll''s House'), (9, 9, 'Yo-Yo'),
    (10, 0, 'Ski Goggles'), (10, 1, 'Snowshoes'), (10, 2, 'Sledge'), (10, 3, 'Ski Boots'),
    (10, 4, 'Thermal Gloves'), (10, 5, 'Balaclava'), (10, 6, 'Ice Skates'), (10, 7, 'Ski Wax'),
    (10, 8, 'Snowboard'), (10, 9, 'Merino Socks')
),
numbered AS (
    SELECT
        50 * (nouns.category_id - 1) + 5 * nouns.n + kinds.n AS id,
        nouns.category_id,
        10 * nouns.category_id + nouns.n AS noun,
        kinds.n AS kind,
        kinds.word || ' ' || nouns.word AS name,
        kinds.praise AS description
    FROM nouns CROSS JOIN kinds
)
SELECT
    id,
    category_id,
    name,
    description,
    '',
    -- a price of the noun, dearer with the kind; a third of them end in .99
    (noun * 37 % 50 + 5) * (category_id * 7 % 10 + 3) * (kind + 2) * 5 - id % 3 % 2,
    CASE WHEN id % 11 = 0 THEN 0 ELSE id * 4793 % 240 END,
    -86400 * (id * 6007 % 360) - id * 97 % 86400
FROM numbered;

-- Some products are liked and some are not; each review is a little off that.
INSERT INTO reviews (id, product_id, author, rating, body, hidden, created_at)
WITH RECURSIVE numbers (n) AS (
    SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10
),
authors (n, name) AS (VALUES
    (0, 'Ada'), (1, 'Björn'), (2, 'Chiara'), (3, 'Daniel'), (4, 'Elif'), (5, 'Fatima'),
    (6, 'Grace'), (7, 'Henrik'), (8, 'Inés'), (9, 'Jakub'), (10, 'Keiko'), (11, 'Liam'),
    (12, 'Marta'), (13, 'Noor'), (14, 'Olga'), (15, 'Pierre'), (16, 'Quentin'), (17, 'Rosa'),
    (18, 'Søren'), (19, 'Tomasz')
),
bodies (rating, variant, body) AS (VALUES
    (1, 0, 'Broke within a week.'),
    (1, 1, 'Not what the pictures show.'),
    (2, 0, 'Works, but feels cheap.'),
    (2, 1, 'I expected more for the price.'),
    (3, 0, 'Does what it should, no more.'),
    (3, 1, 'Fine for the money.'),
    (4, 0, 'Very good, with small flaws.'),
    (4, 1, 'I would buy it again.'),
    (5, 0, 'Better than I hoped for.'),
    (5, 1, 'Outstanding in every detail.')
),
guessed AS (
    SELECT
        10 * (products.id - 1) + numbers.n AS id,
        products.id AS product_id,
        1 + products.id * 31 % 4 + (products.id * 17 + numbers.n * 13) % 2
            + CASE WHEN (products.id * 53 + numbers.n * 29) % 19 < products.category_id + 3
                THEN 1 ELSE 0 END AS rating,
        -- a few that moderators have hidden, and nearly all of every 25th product
        CASE
            WHEN products.id % 25 = 0 AND numbers.n > 4 THEN 1
            WHEN (products.id * 10 + numbers.n) % 97 = 0 THEN 1
            ELSE 0
        END AS hidden
    FROM products CROSS JOIN numbers
),
numbered AS (
    SELECT id, product_id, hidden, CASE WHEN rating > 5 THEN 5 ELSE rating END AS rating
    FROM guessed
)
SELECT
    numbered.id,
    numbered.product_id,
    authors.name,
    numbered.rating,
    bodies.body,
    numbered.hidden,
    -86400 * (numbered.id * 7 % 90) - numbered.id * 61 % 86400
FROM numbered
JOIN authors ON authors.n = numbered.id * 3 % 20
JOIN bodies ON bodies.rating = numbered.rating AND bodies.variant = numbered.id % 2;

INSERT INTO counters (name, value) VALUES ('reviews', 5000);
