import { HARNESS_FOLDER } from "../dispatch/run-facts.ts";
import { CACHE_SOURCE } from "./cache.ts";
import { CHECK_SOURCE } from "./check.ts";
import { CRYPTO_SOURCE } from "./crypto.ts";
import { DOCS_SOURCE } from "./docs.ts";
import { INVOKE_SOURCE } from "./invoke.ts";
import { KV_SOURCE } from "./kv.ts";
import { MESSAGES_SOURCE } from "./messages.ts";
import { TOOLS_SOURCE } from "./tools.ts";
import { VALUES_SOURCE } from "./values.ts";

/** What scripts import as "isola": all of it, from the modules beside it. */
const ISOLA_SOURCE = `
export { IsolaError, userInRun as user } from "./runtime.js";
export { kv } from "./isola-kv.js";
export { docs } from "./isola-docs.js";
export { queue, topic } from "./isola-messages.js";
export { secrets, lock, counter, sql } from "./isola-tools.js";
export { cache } from "./isola-cache.js";
export { hash, passwords, webhook } from "./isola-crypto.js";
export { check } from "./isola-check.js";
export { invoke, InvokeError } from "./isola-invoke.js";
`;

const MODULES: Readonly<Record<string, string>> = {
  [`${HARNESS_FOLDER}/isola.js`]: ISOLA_SOURCE,
  [`${HARNESS_FOLDER}/isola-values.js`]: VALUES_SOURCE,
  [`${HARNESS_FOLDER}/isola-kv.js`]: KV_SOURCE,
  [`${HARNESS_FOLDER}/isola-docs.js`]: DOCS_SOURCE,
  [`${HARNESS_FOLDER}/isola-messages.js`]: MESSAGES_SOURCE,
  [`${HARNESS_FOLDER}/isola-tools.js`]: TOOLS_SOURCE,
  [`${HARNESS_FOLDER}/isola-cache.js`]: CACHE_SOURCE,
  [`${HARNESS_FOLDER}/isola-crypto.js`]: CRYPTO_SOURCE,
  [`${HARNESS_FOLDER}/isola-check.js`]: CHECK_SOURCE,
  [`${HARNESS_FOLDER}/isola-invoke.js`]: INVOKE_SOURCE,
};

/**
 * The modules behind `import … from "isola"`, by path, as source text. They run in the tenant's world, where the harness
 * knows which run is asking; the platform decides, and trusts nothing of what they say.
 */
export const isolaModules = (): Readonly<Record<string, string>> => MODULES;
