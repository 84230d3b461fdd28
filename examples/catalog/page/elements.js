// What the page is made of. Whatever the service says is set as text, never as markup.

export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.map((child) => child ?? "–"));
  return node;
}

export function svg(tag, attributes = {}, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

export const count = (n) => n.toLocaleString("en");
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

export function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, n > 0 ? Math.floor(Math.log10(n) / 3) : 0);
  return `${(n / 1000 ** power).toFixed(power ? 2 : 0)} ${units[power]}`;
}

export function times(slow, fast) {
  const ratio = slow / fast;
  return ratio >= 10 ? count(Math.round(ratio)) : ratio.toFixed(1);
}

export const clock = () => new Date().toLocaleTimeString("en-GB");

/** What the answer's `X-Cache` says. */
export const tag = (xCache) => el("span", { class: `tag ${xCache.toLowerCase()}` }, xCache || "no X-Cache");

/** Says how something ended, in the place that its form has for it. */
export function say(place, text, kind = "") {
  place.className = `outcome ${kind}`;
  place.replaceChildren(...(Array.isArray(text) ? text : [text]));
}

/** Shows a notice under its name, or takes it away. An unchanged one is not announced again. */
export function notice(place, name, kind, text) {
  let node = place.querySelector(`[data-name="${name}"]`);
  if (!text) return node?.remove();
  if (!node) place.append((node = el("p", { "data-name": name })));
  node.className = `notice ${kind}`;
  if (node.textContent !== text) node.textContent = text;
}

export function fillTable(table, columns, rows) {
  table.replaceChildren(
    el("thead", {}, el("tr", {},
      ...columns.map(([name, , kind = ""]) => el("th", { scope: "col", class: kind }, name)))),
    el("tbody", {}, ...rows.map((row) =>
      el("tr", {}, ...columns.map(([, value, kind = ""], at) =>
        at === 0 ? el("th", { scope: "row" }, value(row)) : el("td", { class: kind }, value(row)))))),
  );
}
