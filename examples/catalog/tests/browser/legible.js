// What of this page somebody could not read, reach or name: a list of faults, empty if none.
const faults = [];
const about = (node) => `<${node.tagName.toLowerCase()} id="${node.id}" class="${node.getAttribute("class") ?? ""}">`;

// Text against what is behind it: 4.5:1, large text 3:1 (WCAG 2.2, 1.4.3).
const colour = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
const luminance = (rgb) => rgb.slice(0, 3)
  .map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
function behind(node) {
  const layers = [];
  for (let n = node; n; n = n.parentElement) layers.unshift(colour(getComputedStyle(n).backgroundColor));
  return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
}
function contrast(node) {
  const style = getComputedStyle(node);
  const ground = behind(node);
  const ink = over(colour(node.closest("svg") ? style.fill : style.color), ground);
  const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  const ratio = (light + 0.05) / (dark + 0.05);
  if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)} of ${about(node)} ${node.textContent.trim()}`);
}
let texts = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.tagName === "OPTION") continue;
  if (node.closest("button:disabled, noscript")) continue;
  texts++;
  contrast(node);
}
for (const field of document.querySelectorAll("input, select")) if (field.checkVisibility()) contrast(field);
if (texts < 50) faults.push(`only ${texts} texts were looked at`);

// Nothing wider than the window, except what scrolls by itself.
const width = document.documentElement.clientWidth; // `innerWidth` grows with what a phone zooms out of
if (document.documentElement.scrollWidth > width) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
for (const node of document.body.querySelectorAll("*")) {
  if (!node.checkVisibility() || node.closest(".scroll, svg")) continue;
  if (node.getBoundingClientRect().right > width + 0.5) faults.push(`${about(node)} sticks out`);
}

// What scrolls sideways says so above, and fades out where it goes on.
for (const area of document.querySelectorAll(".scroll")) {
  if (!area.checkVisibility() || area.scrollWidth <= area.clientWidth + 1) continue;
  const said = getComputedStyle(area.parentElement, "::before").content.includes("scrolls sideways");
  const fades = getComputedStyle(area).maskImage.includes("rgba(0, 0, 0, 0)");
  if (!said || !fades) faults.push(`${about(area)} scrolls and does not show it`);
}

// No word is torn apart, and what is chosen is seen whole.
const pen = document.createElement("canvas").getContext("2d");
for (const select of document.querySelectorAll("select")) {
  pen.font = getComputedStyle(select).font;
  const text = select.selectedOptions[0]?.text ?? "";
  const room = select.clientWidth - 38; // without paddings and arrow
  if (pen.measureText(text).width > room) faults.push(`${about(select)} shows a part of ${text}`);
}
walker.currentNode = document.body;
while (walker.nextNode()) {
  const node = walker.currentNode;
  if (!node.parentElement.checkVisibility() || node.parentElement.closest("code, pre, option, svg, noscript")) continue;
  for (const { 0: word, index } of node.data.matchAll(/[\p{L}\p{N}]{2,}/gu)) {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    if (new Set([...range.getClientRects()].map((line) => line.top)).size > 1) faults.push(`torn: ${word}`);
  }
}

// Everything that can be operated has a name, and room for a finger (WCAG 2.2, 2.5.8).
for (const node of document.querySelectorAll("button, input, select, progress, [role=img], [tabindex='0']")) {
  if (!node.checkVisibility()) continue;
  const name = node.getAttribute("aria-label") || node.labels?.[0]?.textContent || (node.tagName === "BUTTON" && node.textContent);
  if (!name?.trim()) faults.push(`${about(node)} has no name`);
  const size = node.getBoundingClientRect();
  if (node.matches("button, input, select") && Math.min(size.width, size.height) < 24) faults.push(`${about(node)} is too small`);
}
return faults;
