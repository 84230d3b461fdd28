// One call, with the cache and without.

import { $, clock, duration, el, plural, say, times } from "./elements.js";
import { codeLink, showOverflows } from "./code.js";
import { ask } from "./service.js";
import { embedded, poll, status } from "./counters.js";

const TURNS = 5; // of a comparison, of which the median counts

let comparing = null; // the run that may fill `#compared`

function chosenQuery() {
  return new FormData($("compare")).get("query");
}

function showChoice() {
  const query = chosenQuery();
  $("compare-q").hidden = query !== "search";
  for (const code of document.querySelectorAll("[data-query]")) {
    code.hidden = code.dataset.query !== query;
  }
  showOverflows();
  // What was measured, or is being measured, is another choice's.
  comparing?.abort();
  comparing = null;
  $("compared").replaceChildren(el("p", { class: "empty" }, "Nothing measured yet: press “Run both”."));
  $("compared").setAttribute("aria-busy", "false");
  say($("compare-outcome"), "");
}

/** Calls the chosen query in turns: one call alone says little where both are fast. */
async function compare(signal) {
  const query = chosenQuery();
  const q = $("compare-text").value;
  const call = async (useCache) => {
    const parameters = new URLSearchParams({ use_cache: useCache, ...(query === "search" && { q }) });
    return (await ask(`/api/compare/${query}?${parameters}`, { signal })).data;
  };
  const without = [], cached = [];
  let miss = null;
  for (let turn = 0; turn < TURNS; turn++) {
    without.push(await call(false));
    cached.push(await call(true));
    if (turn === 0 && cached[0].source !== "cache") {
      // Nothing was stored yet: that call ran the query and filled the cache. The next one hits.
      miss = cached.pop();
      cached.push(await call(true));
    }
  }
  return { without, miss, cached };
}

/** What a number of calls came to. */
function together(calls) {
  const sorted = calls.map((call) => call.duration_ms).sort((a, b) => a - b);
  const hits = calls.filter((call) => call.source === "cache").length;
  return { ms: sorted[Math.floor(sorted.length / 2)], hits, data: calls.at(-1).data };
}

function showComparison(calls, when) {
  const [without, cached] = [together(calls.without), together(calls.cached)];
  const hit = cached.hits > TURNS / 2; // the median is a hit; one may have met the end of a time to live
  const [bypass, attribute] = [["cache_runtime::bypass", "code-bypass"], ["redis_cache", "code-cached"]];
  const rows = [
    ["database", "Database", status?.simulate_latency ? "cache bypassed; most of this is simulated" : "cache bypassed", without.ms, bypass],
    calls.miss && hit && ["database", "First call with the cache", "a miss: it ran the query and stored the result", calls.miss.duration_ms, attribute],
    hit ? ["cache", embedded(status) ? "Cache, in this process" : "Cache, in Redis", cached.hits === TURNS ? "hits: the query did not run" : `${cached.hits} hits in ${TURNS} calls`, cached.ms, attribute]
      : ["database", "With the attribute", `the query ran ${TURNS - cached.hits} times of ${TURNS}`, cached.ms, attribute],
  ].filter(Boolean);
  const longest = Math.max(...rows.map(([, , , ms]) => ms));
  const bars = rows.map(([kind, name, how, ms, code]) => {
    const bar = el("div");
    bar.style.width = `${(100 * ms) / longest}%`;
    return el("div", { class: kind },
      el("p", { class: "bar-head" }, el("span", {}, name, el("small", {}, `${how} `, codeLink(...code))), el("b", {}, duration(ms))),
      el("div", { class: "bar", "aria-hidden": "true" }, bar));
  });

  const same = JSON.stringify(without.data) === JSON.stringify(cached.data);
  const ratio = cached.ms <= without.ms
    ? `${times(without.ms, cached.ms)}× faster`
    : `${times(cached.ms, without.ms)}× slower`;
  const headline = hit ? ratio : status?.status === "disabled" ? "Caching is off" : "Redis did not answer";
  $("compared").replaceChildren(
    el("p", { class: "ratio" }, headline),
    el("div", { class: "bars" }, ...bars),
    same ? el("p", {}, `Both returned the same data: ${plural(without.data.length, "row")}, equal to the last byte.`) : "",
  );
  // In words too: this text is what a screen reader announces.
  const result = `${when}: ` + (hit
    ? `${duration(without.ms)} from the database, ${duration(cached.ms)} from the cache, ${headline}.`
    : `${headline}, so each call ran its query and returned what it found.`);
  const differs = "The two did not return the same data. Was something written in between? Run both again.";
  say($("compare-outcome"), same ? result : `${result} ${differs}`, same ? "" : "bad");
}

/** Runs the comparison; `when` says when that is, beside its result. */
export async function runComparison(when) {
  if (comparing) return;
  const run = (comparing = new AbortController());
  $("compared").setAttribute("aria-busy", "true");
  say($("compare-outcome"), `Running the query ${TURNS} times with the cache and ${TURNS} times without…`);
  try {
    showComparison(await compare(run.signal), when());
  } catch (error) {
    if (run.signal.aborted) return; // the place is another run's by now
    say($("compare-outcome"), error.message, "bad");
  }
  comparing = null;
  $("compared").setAttribute("aria-busy", "false");
  poll();
}

function onCompare(event) {
  event.preventDefault();
  runComparison(() => `Measured at ${clock()}`);
}

$("compare").addEventListener("submit", onCompare);
$("compare").addEventListener("change", showChoice);
showChoice();
