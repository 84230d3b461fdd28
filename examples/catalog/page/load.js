// A load test: many requests, with the cache and without.

import { $, count, duration, plural, say, times } from "./elements.js";
import { ask, elapsed, keepTimes, releaseTimes } from "./service.js";
import { poll, status } from "./counters.js";
import { drawChart, drawTable, responseTimes, summary } from "./chart.js";

const DRAW_MS = 250; // the chart, while a load test runs
const MAX_FAILURES = 20; // a load test that meets so many ends

/**
 * Runs the requests of `run`, `c` at a time, and keeps in it what they come to. `each` is called
 * for every answer. Ends early when aborted, and when too many fail.
 */
async function hammer(run, c, signal, each) {
  Object.assign(run, { measured: [], tags: new Map(), answered: 0, failures: 0, error: "", seconds: 0, begun: performance.now() });
  let next = 0;
  async function worker() {
    while (next < run.n && !signal.aborted && run.failures < MAX_FAILURES) {
      next++;
      try {
        const answer = await ask(run.path, { signal });
        run.answered++;
        run.measured.push(answer.ms);
        const tag = answer.xCache || "no X-Cache";
        run.tags.set(tag, (run.tags.get(tag) ?? 0) + 1);
      } catch (error) {
        if (signal.aborted) break;
        run.failures++;
        run.error = error.message;
      }
      run.seconds = elapsed(run.begun, performance.now()) / 1000;
      each();
    }
  }
  await Promise.all(Array.from({ length: c }, worker));
}

let loadRuns = []; // what the chart shows
let loadAbort = null;

function conclusion(runs) {
  const [without, cached] = runs.map(summary);
  const one = (run, s) => `${run.name[0].toUpperCase()}${run.name.slice(1)}: median ${duration(s.median)}, `
    + `95th percentile ${duration(s.p95)}, ${count(Math.round(s.perSecond))} requests per second.`;
  if (!cached) return without?.median === undefined ? "" : one(runs[0], without);
  if (without.median === undefined || cached.median === undefined) return "";
  if (cached.median >= without.median) {
    return `${status?.status === "disabled" ? "Caching is off" : "The cache made it no faster"}: ${duration(cached.median)} with it at the median, ${duration(without.median)} without.`;
  }
  return `With the cache the median request took ${duration(cached.median)} instead of ${duration(without.median)}: `
    + `${times(without.median, cached.median)}× faster, and ${times(cached.perSecond, without.perSecond)}× the requests per second.`;
}

async function onLoadTest(event) {
  event.preventDefault();
  if (loadAbort) return;
  const [n, c] = [$("load-n"), $("load-c")].map((input) =>
    Math.min(Number(input.max), Math.max(1, Math.trunc(input.valueAsNumber || 1))));
  const path = $("load-query").value;
  const runs = [
    { kind: "database", name: "without the cache", n, path: `${path}${path.includes("?") ? "&" : "?"}use_cache=false` },
    { kind: "cache", name: "with the cache", n, path },
  ].filter(({ kind }) => $("load-mode").value === "both" || ($("load-mode").value === "without") === (kind === "database"));

  loadAbort = new AbortController();
  loadRuns = [];
  keepTimes(2 * n);
  $("load-start").disabled = true;
  $("load-cancel").disabled = false;
  $("load-cancel").focus();
  const progress = $("load-progress");
  Object.assign(progress, { hidden: false, max: n * runs.length, value: 0 });
  $("load-results").hidden = false;
  const draw = () => {
    drawChart(loadRuns);
    drawTable(loadRuns);
  };
  const drawing = setInterval(draw, DRAW_MS); // not for each answer: that would slow down what it shows

  for (const run of runs) {
    if (loadAbort.signal.aborted) break;
    say($("load-outcome"), `Running ${plural(n, "request")} ${run.name}…`);
    loadRuns.push(run);
    await hammer(run, c, loadAbort.signal, () => progress.value++);
    run.times = responseTimes(run);
  }
  clearInterval(drawing);
  draw();

  const cancelled = loadAbort.signal.aborted;
  const failures = loadRuns.reduce((sum, run) => sum + run.failures, 0);
  const lastError = loadRuns.map((run) => run.error).findLast(Boolean);
  const text = cancelled ? "Cancelled; what had been answered is shown." : conclusion(loadRuns);
  say($("load-outcome"),
    failures ? `${plural(failures, "request")} failed, the last with: ${lastError} ${text}` : text,
    failures ? "bad" : "");
  $("chart").setAttribute("aria-label", `Response times, from the shortest to the longest, on a logarithmic scale. ${text}`);
  progress.hidden = true;
  loadAbort = null;
  releaseTimes();
  $("load-start").disabled = false;
  const keep = document.activeElement === $("load-cancel");
  $("load-cancel").disabled = true;
  if (keep) $("load-start").focus();
  poll();
}

$("loadtest").addEventListener("submit", onLoadTest);
$("load-cancel").addEventListener("click", () => loadAbort?.abort());
new ResizeObserver(() => drawChart(loadRuns)).observe($("chart"));
