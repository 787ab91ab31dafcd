/**
 * What scripts import as "isola", as source text: the harness knows which run is asking, and the platform decides.
 */
export const ISOLA_SOURCE = `
import { invokeInRun, InvokeError } from "./runtime.js";

export { InvokeError };

export function invoke(script, payload, options) {
  return invokeInRun(script, payload, options === undefined || options === null || options.wait !== false);
}
`;
