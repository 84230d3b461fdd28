// The data, read through the cache.

import { $, count, duration, el, fillTable, plural, say, tag } from "./elements.js";
import { showOverflows } from "./code.js";
import { ask } from "./service.js";

const TABLES = {
  categories: [
    ["Category", (row) => row.name],
    ["Products", (row) => count(row.product_count), "number"],
    ["Reviews", (row) => count(row.review_count), "number"],
    ["Rating", (row) => row.average_rating, "number"],
    ["Average price", (row) => row.average_price, "number"],
    ["Lowest", (row) => row.lowest_price, "number"],
    ["Highest", (row) => row.highest_price, "number"],
    ["Stock", (row) => count(row.stock), "number"],
  ],
  top: [
    ["Product", (row) => row.name],
    ["Category", (row) => row.category],
    ["Rank", (row) => row.rank, "number"],
    ["Rating", (row) => row.average_rating, "number"],
    ["Reviews", (row) => count(row.review_count), "number"],
    ["Price", (row) => row.price, "number"],
  ],
  search: [
    ["Product", (row) => row.name],
    ["Description", (row) => row.description, "aside"],
    ["Category", (row) => row.category],
    ["Price", (row) => row.price, "number"],
    ["Stock", (row) => count(row.stock), "number"],
  ],
};

/** Reads `path` into the table of `panel`, and says what the cache did. The rows that it shows now, or none. */
async function read(panel, path, columns) {
  const outcome = panel.querySelector(".outcome");
  const asked = (panel.asked = (panel.asked ?? 0) + 1); // a slow answer must not replace a later one's
  say(outcome, "Reading…");
  try {
    const { data, ms, xCache } = await ask(path);
    if (asked !== panel.asked) return [];
    const area = panel.querySelector(".scroll");
    fillTable(area.querySelector("table"), columns, data);
    area.hidden = data.length === 0;
    area.scrollTop = 0;
    showOverflows();
    const rows = data.length === 0 ? "Nothing found" : plural(data.length, "row");
    say(outcome, [tag(xCache), ` ${rows} in ${duration(ms)}`]);
    return data;
  } catch (error) {
    if (asked === panel.asked) say(outcome, error.message, "bad");
    return [];
  }
}

export function readSearch(event) {
  event?.preventDefault();
  const parameters = new URLSearchParams({ q: $("q").value.trim() });
  if ($("category").value) parameters.set("category_id", $("category").value);
  return read($("search").closest(".panel"), `/api/products/search?${parameters}`, TABLES.search);
}

/** Whoever listens to the panel's `read` is told the rows. */
export async function readTop() {
  const rows = await read($("top"), "/api/products/top", TABLES.top);
  if (rows.length > 0) $("top").dispatchEvent(new CustomEvent("read", { detail: rows }));
}

export async function readCategories() {
  const rows = await read($("categories"), "/api/categories", TABLES.categories);
  if ($("category").options.length === 1) {
    $("category").append(...rows.map((row) => el("option", { value: row.id }, row.name)));
  }
}

$("search").addEventListener("submit", readSearch);
$("top").querySelector("button").addEventListener("click", readTop);
$("categories").querySelector("button").addEventListener("click", readCategories);
