// Code that a claim leads to, and areas that scroll.

import { el } from "./elements.js";

/** Leads to the code that a claim is about, by a piece of that code. */
export const codeLink = (code, place) => el("a", { href: `#${place}` }, el("code", {}, code));

/** Unfolds the code that a link on this page leads to. */
function unfold(hash) {
  const folded = hash && document.getElementById(hash.slice(1))?.closest("details");
  if (folded) folded.open = true;
}

/** Marks an area that shows only a part of what is in it, and at which edges that goes on. */
function showOverflow(area) {
  const { classList } = area.parentElement;
  const [right, below] = [area.scrollWidth - area.clientWidth, area.scrollHeight - area.clientHeight];
  classList.toggle("wide", right > 1);
  classList.toggle("more-left", area.scrollLeft > 1);
  classList.toggle("more-right", area.scrollLeft < right - 1);
  classList.toggle("more-below", area.scrollTop < below - 1);
}

export function showOverflows() {
  for (const area of document.querySelectorAll(".scroll")) showOverflow(area);
}

for (const area of document.querySelectorAll(".scroll")) {
  area.addEventListener("scroll", () => showOverflow(area), { passive: true });
  new ResizeObserver(() => showOverflow(area)).observe(area);
}
document.addEventListener("click", (event) => unfold(event.target.closest("a")?.hash));
unfold(location.hash);
