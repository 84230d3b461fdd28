// What a load test came to: a chart and a table.

import { $, count, duration, el, svg } from "./elements.js";
import { networkTimes } from "./service.js";

/** The response times of `run`, the shortest first. */
export function responseTimes(run) {
  if (run.times) return run.times;
  const exact = networkTimes(new URL(run.path, location.href).href, run.begun);
  return (exact.length > 0 ? exact : run.measured).toSorted((a, b) => a - b);
}

/** Median, 95th percentile (nearest rank) and maximum of what was answered. */
export function summary(run) {
  const sorted = responseTimes(run);
  const rank = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return {
    median: rank(0.5),
    p95: rank(0.95),
    max: sorted.at(-1),
    perSecond: run.answered / run.seconds,
    tags: [...run.tags].sort().map(([tag, times]) => `${times} ${tag}`).join(", "),
  };
}

export function drawTable(runs) {
  const columns = runs.map((run) => ({ ...run, ...summary(run) })).filter((run) => run.median !== undefined);
  const rows = [
    ["Median", (run) => duration(run.median)],
    ["95th percentile", (run) => duration(run.p95)],
    ["Maximum", (run) => duration(run.max)],
    ["Requests per second", (run) => count(Math.round(run.perSecond))],
    ["Answered", (run) => count(run.answered)],
    ["X-Cache", (run) => run.tags],
    ["Failed", (run) => count(run.failures)],
  ];
  $("load-table").replaceChildren(
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, "Response time"),
      ...columns.map((run) => el("th", { scope: "col", class: "number" }, run.name)))),
    el("tbody", {}, ...rows.map(([name, value]) =>
      el("tr", {}, el("th", { scope: "row" }, name),
        ...columns.map((run) => el("td", { class: "number" }, value(run)))))),
  );
}

/** The response times from the shortest to the longest, on a logarithmic scale. */
export function drawChart(runs) {
  const chart = $("chart");
  const { width, height } = chart.getBoundingClientRect();
  const series = runs.map((run) => ({ ...run, ms: responseTimes(run), median: summary(run).median }));
  for (const kind of ["database", "cache"]) {
    const run = series.find((run) => run.kind === kind && run.median !== undefined);
    const item = document.querySelector(`.legend .${kind}`);
    item.hidden = !run;
    if (run) item.querySelector("span").textContent = `${run.name}, median ${duration(run.median)}`;
  }
  const all = series.flatMap(({ ms }) => ms);
  if (width === 0 || all.length === 0) return chart.replaceChildren();

  const left = 58, right = 16, top = 30, bottom = 42;
  const lines = logTicks(Math.min(...all), Math.max(...all));
  const [low, high] = [lines[0], lines.at(-1)].map(Math.log10);
  const x = (share) => left + share * (width - left - right);
  const y = (ms) => top + ((high - Math.log10(ms)) / (high - low)) * (height - top - bottom);
  const parts = [];
  for (const ms of lines) {
    parts.push(svg("path", { d: `M${left} ${y(ms)}H${width - right}`, class: "grid" }));
    const label = ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
    parts.push(svg("text", { x: left - 8, y: y(ms) + 4, "text-anchor": "end" }, label));
  }
  for (const [share, label] of [[0, "0 %"], [0.25, "25 %"], [0.5, "median"], [0.75, "75 %"], [0.95, "95 %"]]) {
    const strong = share === 0.5 || share === 0.95;
    parts.push(svg("path", strong
      ? { d: `M${x(share)} ${top}V${height - bottom + 5}`, class: "guide" }
      : { d: `M${x(share)} ${height - bottom}v5`, class: "axis" }));
    parts.push(svg("text", { x: x(share), y: height - bottom + 18, "text-anchor": "middle" }, label));
  }
  parts.push(svg("path", { d: `M${left} ${top}V${height - bottom}H${width - right}`, class: "axis", fill: "none" }));
  parts.push(svg("text", { x: 4, y: 14 }, "response time (logarithmic)"));
  parts.push(svg("text", { x: width - right, y: height - 6, "text-anchor": "end" }, "requests, from the fastest to the slowest"));

  for (const { kind, ms } of series) {
    const marks = ms.map((value, rank) => {
      const [px, py] = [x((rank + 0.5) / ms.length).toFixed(1), y(value).toFixed(1)];
      return kind === "database" ? `M${px} ${py}h0` : `M${px - 3} ${py}h6m-3 -3v6`;
    });
    parts.push(svg("path", { d: marks.join(""), class: `${kind} ${kind === "database" ? "dot" : "plus"}` }));
  }
  chart.replaceChildren(...parts);
}

/** 1, 2, 5, 10, … around what is between `least` and `most`; only powers of ten where that is many. */
function logTicks(least, most) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) {
    for (const digit of [1, 2, 5]) ticks.push(Number(`${digit}e${power}`));
  }
  const first = ticks.findLastIndex((tick) => tick <= least);
  const last = ticks.findIndex((tick) => tick >= most && tick > ticks[first]);
  const around = ticks.slice(first, last + 1);
  const powers = (tick, at) => at === 0 || at === around.length - 1 || Number.isInteger(Math.log10(tick));
  return around.length <= 8 ? around : around.filter(powers);
}
