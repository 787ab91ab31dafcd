/** How one script runs another, as source text. */
export const INVOKE_SOURCE = String.raw`
import { callInRun, IsolaError } from "./runtime.js";

const { stringify, parse } = JSON;
const NativeTypeError = TypeError;
const jsonPattern = /^application\/(?:[^;]*\+)?json\b/i;
jsonPattern.exec = jsonPattern.exec;
const isJson = jsonPattern.test.bind(jsonPattern);

export class InvokeError extends IsolaError {
  constructor(code, message, details, status, body) {
    super(code, message, details);
    this.name = "InvokeError";
    this.status = status;
    this.body = body;
  }
}

export async function invoke(script, payload, options) {
  const wait = options === undefined || options === null || options.wait !== false;
  const text = stringify(payload === undefined ? null : payload);
  if (text === undefined) throw new NativeTypeError("The payload of invoke must be JSON; it is a " + typeof payload + ".");
  let invoked;
  try {
    invoked = await callInRun("invoke", { script, payload: text, wait });
  } catch (error) {
    if (error instanceof IsolaError) throw new InvokeError(error.code, error.message, error.details, 0, "");
    throw error;
  }
  if (!wait) return { executionId: invoked.executionId };
  if (invoked.status < 200 || invoked.status > 299) {
    throw new InvokeError("status", "The invoked script answered " + invoked.status + ".", {}, invoked.status, invoked.body);
  }
  return isJson(invoked.type) ? parse(invoked.body) : invoked.body;
}
`;
