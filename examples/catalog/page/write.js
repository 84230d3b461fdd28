// One write, and what is read after it.

import { $, duration, el, fillTable, say, tag } from "./elements.js";
import { codeLink, showOverflows } from "./code.js";
import { ask } from "./service.js";
import { poll, status } from "./counters.js";
import { readCategories, readTop } from "./tables.js";

let products = []; // those that the write offers
let writing = false;

function offerProducts(rows) {
  const chosen = $("write-product").value;
  products = rows;
  $("write-product").replaceChildren(
    ...rows.map((row) => el("option", { value: row.product_id }, `${row.name}, ${row.price}`)));
  if (rows.some((row) => String(row.product_id) === chosen)) $("write-product").value = chosen;
  if ($("write-product").value !== chosen) suggestPrice(); // what was typed for that product stays
}

function suggestPrice() {
  const product = products.find((row) => String(row.product_id) === $("write-product").value);
  if (product) $("write-price").value = (Number(product.price) + 1).toFixed(2);
}

/**
 * Changes a price, and reads what may show it: each answer says whether its query ran. A read that
 * fails is the last, and no failure of the write.
 */
async function write(id, price) {
  const other = products.find((row) => row.product_id !== id);
  const search = "/api/products/search?q=lamp";
  for (const path of [`/api/products/${other.product_id}`, search]) await ask(path); // so that they are cached
  const { ms } = await ask(`/api/products/${id}/price`, { method: "PUT", body: { price } });
  const priceIn = (rows, key) => rows.find((row) => row[key] === id)?.price;
  const reads = [
    ["Top products", ["the attribute names its tag:", ["prices", "code-write"]],
      "/api/products/top", (rows) => priceIn(rows, "product_id")],
    ["Categories", ["the attribute names its tag:", ["prices", "code-write"]],
      "/api/categories", () => null],
    ["The product’s page", ["the attribute names it:", ["product(id)", "code-write"],
      "and the request that wrote has read it again:", ["products::product(&db, id)", "code-request"]],
      `/api/products/${id}`, (row) => row.price],
    ["A search for “lamp”", ["has the tag, as all searches have:", ["prices", "code-tag"]],
      search, (rows) => priceIn(rows, "id")],
    ["Another product’s page", ["not named, so it stays: its key has another number,", ["product:{id}", "code-product"]],
      `/api/products/${other.product_id}`, () => null],
  ];
  const rows = [];
  let failed = null;
  try {
    for (const [what, why, path, shown] of reads) {
      const { data, xCache } = await ask(path);
      rows.push({ what, why, xCache, shown: shown(data) ?? null });
    }
  } catch (error) {
    failed = error;
  }
  return { ms, rows, failed };
}

async function onWrite(event) {
  event.preventDefault();
  const outcome = $("write-outcome");
  if (writing) return;
  writing = true;
  const product = products.find((row) => String(row.product_id) === $("write-product").value);
  const price = $("write-price").value;
  say(outcome, "Writing…");
  try {
    const { ms, rows, failed } = await write(product.product_id, price);
    fillTable($("written").querySelector("table"), [
      ["Then read", (row) => el("span", {}, row.what, el("small", {}, ...row.why.flatMap(
        (part) => [typeof part === "string" ? part : codeLink(...part), " "])))],
      ["X-Cache", (row) => tag(row.xCache)],
      ["Price", (row) => row.shown, "number"],
    ], rows);
    $("written").hidden = rows.length === 0;
    showOverflows();
    const written = `${product.name}: from ${product.price} to ${price}, written in ${duration(ms)}.`;
    const old = rows.filter((row) => row.shown !== null && Number(row.shown) !== Number(price));
    const seen = status?.status === "unreachable"
      ? "Redis will be told when it is back; until then this process does not trust what is stored there."
      : "Every later read shows it.";
    if (failed) say(outcome, `${written} Reading it back failed: ${failed.message}`, "bad");
    else if (old.length === 0) say(outcome, `${written} ${seen}`, "good");
    else say(outcome, `${product.name}: written, but ${old[0].what} shows ${old[0].shown}. Did somebody else write too?`, "bad");
    readTop();
    readCategories();
  } catch (error) {
    say(outcome, error.message, "bad");
  }
  writing = false;
  poll();
}

$("write").addEventListener("submit", onWrite);
$("write-product").addEventListener("change", suggestPrice);
$("top").addEventListener("read", ({ detail }) => offerProducts(detail));
