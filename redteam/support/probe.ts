/** What came of one expression inside a script: its value as text, or how it failed. */
export interface Tried {
  value?: string;
  error?: string;
}

/** How long one expression may take before it counts as never settled, in milliseconds. */
const PATIENCE_MS = 1_500;

/**
 * Source of a script that tries expressions one after the other and answers what came of each. In scope are
 * `request`, `env`, `ctx` and what `imports` brings; `top` runs once as the module loads.
 */
export function probeSource(expressions: Record<string, string>, imports = "", top = ""): string {
  const entries = Object.entries(expressions).map(
    ([name, text]) => `      [${JSON.stringify(name)}, async () => (${text})],`,
  );
  return `${imports}
${top}
const text = (value) => {
  if (typeof value === "string") return value;
  try { return JSON.stringify(value) ?? String(value); } catch { return Object.prototype.toString.call(value); }
};
export default {
  async fetch(request, env, ctx) {
    const out = {};
    for (const [name, act] of [
${entries.join("\n")}
    ]) {
      try {
        const late = new Promise((done) => setTimeout(done, ${PATIENCE_MS}, "(never settled)"));
        out[name] = { value: text(await Promise.race([act(), late])) };
      } catch (error) {
        let words = "thrown";
        try { words = String(error); } catch {}
        out[name] = { error: words };
      }
    }
    return Response.json(out);
  },
};
`;
}

/** Reads what a probe answered. Throws when it answered anything else: then nothing was tried. */
export function readProbe(status: number, body: string): Map<string, Tried> {
  if (status !== 200) throw new Error(`The probe answered ${status}: ${body.slice(0, 300)}`);
  return new Map(Object.entries(JSON.parse(body) as Record<string, Tried>));
}
