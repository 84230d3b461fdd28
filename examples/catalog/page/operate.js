// What operators may do.

import { $, plural, say } from "./elements.js";
import { ask } from "./service.js";
import { poll } from "./counters.js";

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

$("operate").addEventListener("submit", onOperate);
