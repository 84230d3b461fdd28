// What the cache did, asked again and again.

import { $, bytes, clock, count, el, notice } from "./elements.js";
import { ask, tidyTimes } from "./service.js";

const POLL_MS = 2000;
const BACK_MS = 30_000; // how long "Redis is back" is shown

export let status = null; // the last that was heard
let goneSince = null;
let backTimer;

/** Whether the store is the memory of the service. A Redis that says how much memory it uses says its version too. */
export const embedded = (s) => s?.status === "connected" && s.redis_memory !== null && s.redis_version === null;

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

export async function poll() {
  if (document.hidden) return; // `visibilitychange` starts it again
  try {
    status = (await ask("/api/status", { answerMs: 5000 })).data;
    notice($("alerts"), "service", "bad", null);
    showStatus();
  } catch (error) {
    $("counters").classList.add("old");
    notice($("alerts"), "service", "bad", `${error.message} The counters are old; trying again.`);
  }
  tidyTimes();
  clearTimeout(poll.timer);
  poll.timer = setTimeout(poll, POLL_MS);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(poll.timer);
  poll();
});
