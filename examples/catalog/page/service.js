// Asking the service, and how long that took.

const ANSWER_MS = 20_000; // how long one request may take
const LEAST_MS = 0.05; // what is taken for the time of what a coarse clock says took none

/** The answer of the service, or an `Error` whose message can be shown as it is. */
export async function ask(path, { method = "GET", body, token, signal, answerMs = ANSWER_MS } = {}) {
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
export function networkTimes(url, since) {
  return performance.getEntriesByName(url, "resource")
    .filter((entry) => entry.startTime >= since && (entry.responseStatus ?? 200) === 200)
    .map((entry) => elapsed(entry.requestStart, entry.responseEnd));
}

let kept = false; // while a load test needs them

/** Has the browser keep the times of `n` requests, until they are released. */
export function keepTimes(n) {
  performance.clearResourceTimings();
  performance.setResourceTimingBufferSize(n + 250);
  kept = true;
}

export function releaseTimes() {
  kept = false;
}

/** Forgets those that nobody needs. */
export function tidyTimes() {
  if (!kept) performance.clearResourceTimings();
}

/** Never 0, which has no logarithm. Nor is such a time left out: the others' median would be too long. */
export function elapsed(from, to) {
  return Math.max(LEAST_MS, to - from);
}
