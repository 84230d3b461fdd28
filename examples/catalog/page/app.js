// The catalog's page. Whatever the service says is set as text, never as markup.

const $ = (id) => document.getElementById(id);
const POLL_MS = 2000;
const ANSWER_MS = 20_000; // how long one request may take
const BACK_MS = 30_000; // how long "Redis is back" is shown
const TURNS = 5; // of a comparison, of which the median counts
const LEAST_MS = 0.05; // what is taken for the time of what a coarse clock says took none
const DRAW_MS = 250; // the chart, while a load test runs
const MAX_FAILURES = 20; // a load test that meets so many ends

// ---------------------------------------------------------------- elements and words

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.map((child) => child ?? "–"));
  return node;
}

function svg(tag, attributes = {}, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

const count = (n) => n.toLocaleString("en");
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, n > 0 ? Math.floor(Math.log10(n) / 3) : 0);
  return `${(n / 1000 ** power).toFixed(power ? 2 : 0)} ${units[power]}`;
}

function times(slow, fast) {
  const ratio = slow / fast;
  return ratio >= 10 ? count(Math.round(ratio)) : ratio.toFixed(1);
}

const clock = () => new Date().toLocaleTimeString("en-GB");

/** What the answer's `X-Cache` says. */
const tag = (xCache) => el("span", { class: `tag ${xCache.toLowerCase()}` }, xCache || "no X-Cache");

/** Says how something ended, in the place that its form has for it. */
function say(place, text, kind = "") {
  place.className = `outcome ${kind}`;
  place.replaceChildren(...(Array.isArray(text) ? text : [text]));
}

// ---------------------------------------------------------------- code, and what scrolls

/** Leads to the code that a claim is about, by a piece of that code. */
const codeLink = (code, place) => el("a", { href: `#${place}` }, el("code", {}, code));

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

function showOverflows() {
  for (const area of document.querySelectorAll(".scroll")) showOverflow(area);
}

// ---------------------------------------------------------------- asking the service

/** The answer of the service, or an `Error` whose message can be shown as it is. */
async function ask(path, { method = "GET", body, token, signal, answerMs = ANSWER_MS } = {}) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const timeout = AbortSignal.timeout(answerMs);
  const sent = performance.now();
  let response, text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      cache: "no-store", // the browser's own cache would flatter us
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    if (timeout.aborted) throw new Error(`The service did not answer within ${answerMs / 1000} s.`);
    throw new Error("The service cannot be reached.");
  }
  const ms = networkTimes(response.url, sent)[0] ?? elapsed(sent, performance.now());
  let data = null;
  try {
    data = text === "" ? null : JSON.parse(text);
  } catch {
    if (response.ok) throw new Error("The service answered something that is not JSON.");
  }
  if (!response.ok) {
    const why = data?.error ?? response.statusText;
    throw Object.assign(new Error(`The service answered ${response.status}: ${why}`), {
      status: response.status,
    });
  }
  return { data, ms, xCache: response.headers.get("x-cache") ?? "" };
}

/**
 * From sending to the last byte, of the requests for `url` sent since then, in milliseconds: by
 * the browser's own clock of its network (Resource Timing), since a script's turn comes later.
 */
function networkTimes(url, since) {
  return performance.getEntriesByName(url, "resource")
    .filter((entry) => entry.startTime >= since && (entry.responseStatus ?? 200) === 200)
    .map((entry) => elapsed(entry.requestStart, entry.responseEnd));
}

/** Never 0, which has no logarithm. Nor is such a time left out: the others' median would be too long. */
function elapsed(from, to) {
  return Math.max(LEAST_MS, to - from);
}

// ---------------------------------------------------------------- live counters

let status = null; // the last that was heard
let goneSince = null;
let backTimer;

/** Shows a notice under its name, or takes it away. An unchanged one is not announced again. */
function notice(place, name, kind, text) {
  let node = place.querySelector(`[data-name="${name}"]`);
  if (!text) return node?.remove();
  if (!node) place.append((node = el("p", { "data-name": name })));
  node.className = `notice ${kind}`;
  if (node.textContent !== text) node.textContent = text;
}

/** Whether the store is the memory of the service. A Redis that says how much memory it uses says its version too. */
const embedded = (s) => s?.status === "connected" && s.redis_memory !== null && s.redis_version === null;

/** The counters: name, value, what it means or why there is none, and its kind. */
function counters(s) {
  const off = s.status === "disabled", gone = s.status === "unreachable";
  const calls = s.hits + s.misses + s.stale + s.coalesced;
  const none = off ? "caching is off" : calls === 0 ? "no cached call yet" : "";
  const counted = (name, n, meaning, zero) => [name, count(n), n > 0 ? meaning : none || zero];
  const redis = off ? ["off", "started with --no-redis"]
    : gone ? ["unreachable", "every call runs its query", "bad"]
    : embedded(s) ? ["not configured", "the memory of this process is used instead"]
    : ["connected", s.redis_version ? `version ${s.redis_version}` : "it does not say its version", "good"];
  return [
    ["Redis", ...redis],
    s.hit_rate === null ? ["Hit rate", "–", none] : ["Hit rate", `${s.hit_rate.toFixed(1)} %`, "hits among the cached calls"],
    counted("Hits", s.hits, "calls that found a stored result", "no call found a stored result"),
    counted("Misses", s.misses, "calls that ran their query", "every call found a stored result"),
    counted("Stale", s.stale, "calls that got a result past its time to live", s.may_be_stale
      ? "no call got a result past its time to live" : "no function here has a stale window"),
    counted("Coalesced", s.coalesced, "calls that waited for the query of another call",
      "no two calls missed the same key at once"),
    s.keys === null ? ["Keys", "–", off ? none : gone ? "Redis does not answer" : "not counted within two seconds"]
      : ["Keys", count(s.keys), s.keys > 0 ? "stored results" : off ? none : "nothing was stored at the last count"],
    s.redis_memory === null ? ["Memory", "–", off ? none : gone ? "Redis does not answer" : "Redis does not say"]
      : ["Memory", bytes(s.redis_memory), s.redis_memory === 0 ? "nothing is stored"
        : embedded(s) ? "used by the results" : "used by Redis, for all its clients"],
    ["Breaker", s.breaker.replace("_", "-"), off ? none : BREAKER[s.breaker], s.breaker === "closed" ? "" : "bad"],
  ];
}

const BREAKER = {
  closed: "calls ask the cache",
  open: "Redis failed: calls do not ask it",
  half_open: "one call tries Redis again",
};

function showStatus() {
  const s = status;
  const gone = s.status === "unreachable";
  $("counters").classList.remove("old");
  $("counters").replaceChildren(
    ...counters(s).map(([name, value, why, kind = ""]) =>
      el("div", {}, el("dt", {}, name), el("dd", { class: kind }, value), el("dd", { class: "why" }, why))),
  );

  if (gone && goneSince === null) {
    goneSince = Date.now();
    clearTimeout(backTimer);
    notice($("alerts"), "back", "good", null);
    notice($("alerts"), "gone", "bad",
      `Redis does not answer (noticed at ${clock()}). The service goes on: every call runs its query.`);
  } else if (!gone && goneSince !== null) {
    const seconds = Math.max(1, Math.round((Date.now() - goneSince) / 1000));
    goneSince = null;
    notice($("alerts"), "gone", "bad", null);
    notice($("alerts"), "back", "good", `Redis is back, after ${seconds} s.`);
    backTimer = setTimeout(() => notice($("alerts"), "back", "good", null), BACK_MS);
  }
  notice($("notes"), "off", "note", s.status === "disabled"
    && "Caching is off (--no-redis): every call runs its query. Both sides of a comparison do the same.");
  notice($("notes"), "embedded", "note", embedded(s)
    && "Redis is not configured, so results are kept in the memory of this process: other replicas do not see them, and a restart loses them. "
      + "Start the service with --redis-url redis://localhost to use Redis.");
  notice($("notes"), "latency", "note", s.simulate_latency
    && "Latency is simulated (--simulate-latency): each of the three queries waits 250 to 350 ms before it runs, as on a large or busy database.");
  for (const button of $("operate").querySelectorAll("button")) button.disabled = !s.admin;
  notice($("operate-notes"), "admin", "note", !s.admin
    && "The service was started without a token, so nobody can do this. Start it with --admin-token.");
}

async function poll() {
  if (document.hidden) return; // `visibilitychange` starts it again
  try {
    status = (await ask("/api/status", { answerMs: 5000 })).data;
    notice($("alerts"), "service", "bad", null);
    showStatus();
  } catch (error) {
    $("counters").classList.add("old");
    notice($("alerts"), "service", "bad", `${error.message} The counters are old; trying again.`);
  }
  if (!loadAbort) performance.clearResourceTimings();
  clearTimeout(poll.timer);
  poll.timer = setTimeout(poll, POLL_MS);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(poll.timer);
  poll();
});

// ---------------------------------------------------------------- one call, with and without

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
async function runComparison(when) {
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

// ---------------------------------------------------------------- under load

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

/** The response times of `run`, the shortest first. */
function responseTimes(run) {
  if (run.times) return run.times;
  const exact = networkTimes(new URL(run.path, location.href).href, run.begun);
  return (exact.length > 0 ? exact : run.measured).toSorted((a, b) => a - b);
}

/** Median, 95th percentile (nearest rank) and maximum of what was answered. */
function summary(run) {
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

function drawTable(runs) {
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
function drawChart(runs) {
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
  performance.clearResourceTimings(); // the browser keeps no more than we tell it
  performance.setResourceTimingBufferSize(2 * n + 250);
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
  $("load-start").disabled = false;
  const keep = document.activeElement === $("load-cancel");
  $("load-cancel").disabled = true;
  if (keep) $("load-start").focus();
  poll();
}

// ---------------------------------------------------------------- one write

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
    ["Top products", ["the attribute names it:", ["top::top_products()", "code-write"]],
      "/api/products/top", (rows) => priceIn(rows, "product_id")],
    ["Categories", ["the attribute names it:", ["categories::category_stats()", "code-write"]],
      "/api/categories", () => null],
    ["The product’s page", ["the attribute names it:", ["product(id)", "code-write"],
      "and the request that wrote has read it again:", ["products::product(&db, id)", "code-request"]],
      `/api/products/${id}`, (row) => row.price],
    ["A search for “lamp”", ["dropped by a pattern:", ["products:search:*", "code-pattern"]],
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
      ? "Redis will be told when it is back; until then this process does not trust what is stored there. "
        + "Product lists and searches go by patterns, which are not kept: they may show the old price until their time to live ends."
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

// ---------------------------------------------------------------- the data

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

function fillTable(table, columns, rows) {
  table.replaceChildren(
    el("thead", {}, el("tr", {},
      ...columns.map(([name, , kind = ""]) => el("th", { scope: "col", class: kind }, name)))),
    el("tbody", {}, ...rows.map((row) =>
      el("tr", {}, ...columns.map(([, value, kind = ""], at) =>
        at === 0 ? el("th", { scope: "row" }, value(row)) : el("td", { class: kind }, value(row)))))),
  );
}

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

function readSearch(event) {
  event?.preventDefault();
  const parameters = new URLSearchParams({ q: $("q").value.trim() });
  if ($("category").value) parameters.set("category_id", $("category").value);
  return read($("search").closest(".panel"), `/api/products/search?${parameters}`, TABLES.search);
}

async function readTop() {
  const rows = await read($("top"), "/api/products/top", TABLES.top);
  if (rows.length > 0) offerProducts(rows);
}

async function readCategories() {
  const rows = await read($("categories"), "/api/categories", TABLES.categories);
  if ($("category").options.length === 1) {
    $("category").append(...rows.map((row) => el("option", { value: row.id }, row.name)));
  }
}

// ---------------------------------------------------------------- operate

async function onOperate(event) {
  event.preventDefault();
  const outcome = $("operate-outcome");
  const flush = event.submitter?.value === "clear";
  const token = $("token").value;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    say(outcome, token === "" ? "Enter the operator’s token first." : "A token has no spaces, and only ASCII characters.", "bad");
    return $("token").focus();
  }
  const pattern = $("pattern").value.trim();
  say(outcome, flush ? "Flushing…" : "Invalidating…");
  try {
    const { data } = flush
      ? await ask("/cache/clear", { method: "POST", token })
      : await ask("/cache/invalidate", { method: "POST", token, body: { pattern } });
    const removed = Object.values(data ?? {}).find((value) => typeof value === "number");
    const what = removed === undefined ? "Done" : `${plural(removed, "key")} removed`;
    say(outcome, flush ? `${what}: the cache is empty.` : `${what} by ${pattern}.`, "good");
  } catch (error) {
    const refused = error.status === 401 || error.status === 403;
    say(outcome, refused ? "That is not the operator’s token; nothing was removed." : error.message, "bad");
    if (refused) $("token").select();
  }
  poll();
}

// ---------------------------------------------------------------- start

$("compare").addEventListener("submit", onCompare);
$("compare").addEventListener("change", showChoice);
$("loadtest").addEventListener("submit", onLoadTest);
$("load-cancel").addEventListener("click", () => loadAbort?.abort());
$("write").addEventListener("submit", onWrite);
$("write-product").addEventListener("change", suggestPrice);
$("search").addEventListener("submit", readSearch);
$("top").querySelector("button").addEventListener("click", readTop);
$("categories").querySelector("button").addEventListener("click", readCategories);
$("operate").addEventListener("submit", onOperate);
new ResizeObserver(() => drawChart(loadRuns)).observe($("chart"));

for (const area of document.querySelectorAll(".scroll")) {
  area.addEventListener("scroll", () => showOverflow(area), { passive: true });
  new ResizeObserver(() => showOverflow(area)).observe(area);
}
document.addEventListener("click", (event) => unfold(event.target.closest("a")?.hash));
unfold(location.hash);

showChoice();
await poll(); // so that the comparison knows what it measures
// Before the tables, which read what it measures too.
await runComparison(() => "Measured when this page opened");
readTop();
readCategories();
readSearch();
