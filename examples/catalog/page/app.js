// The catalog's page: what it does when it opens. Each module below listens to its own part of it.

import { runComparison } from "./compare.js";
import { poll } from "./counters.js";
import { readCategories, readSearch, readTop } from "./tables.js";
import "./code.js";
import "./load.js";
import "./operate.js";
import "./write.js";

await poll(); // so that the comparison knows what it measures
// Before the tables, which read what it measures too.
await runComparison(() => "Measured when this page opened");
readTop();
readCategories();
readSearch();
