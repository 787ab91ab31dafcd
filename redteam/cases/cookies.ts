import { attempts, type CaseClass } from "../attempt.ts";

/** What a script says behind its cookie's name and value, each meant for a host that is not its own. */
const ATTRIBUTES: Record<string, string> = {
  "the parent domain": "; Domain=localhost",
  "the parent domain with a dot": "; Domain=.localhost",
  "two dots": "; Domain=..localhost",
  "another tenant": "; Domain=victim.localhost",
  "the control plane": "; Domain=app.localhost; Path=/; HttpOnly",
  "upper case": "; DOMAIN=LOCALHOST",
  "no space": ";Domain=localhost",
  "spaces around": "; Domain = localhost ",
  "tabs around": ";\tDomain\t=\tlocalhost\t",
  "a trailing dot": "; Domain=localhost.",
  quoted: '; Domain="localhost"',
  "own domain first": "; Domain=attacker.localhost; Domain=localhost",
  "own domain in between": "; Domain=localhost; Domain=attacker.localhost; Domain=localhost",
  "an empty one last": "; Domain=localhost; Domain=",
  "a bare one last": "; Domain=localhost; Domain",
  "an empty attribute before": ";;; Domain=localhost",
  "an equals sign more": "; Domain==localhost",
  "a suffix of the own name": "; Domain=cker.localhost",
  "a name that ends like the own": "; Domain=notattacker.localhost",
  "with a port": "; Domain=localhost:80",
  "an address": "; Domain=127.0.0.1",
  "behind a comma": ", other=1; Domain=localhost",
  "behind long attributes": `; ${"x".repeat(3_000)}; Domain=localhost`,
};

/** Ways to send them. */
const SOURCES: Record<string, (cookies: string) => string> = {
  "a response": (cookies) =>
    `export default { fetch() { return new Response("x", { headers: ${cookies}.map((c) => ["set-cookie", c]) }); } };`,
  "a map": (cookies) =>
    `export default () => ({ statusCode: 200, headers: ${cookies}.map((c) => ["Set-Cookie", c]), body: "x" });`,
  "a redirect": (cookies) =>
    `export default { fetch() { return new Response(null, { status: 302, headers: [["location", "/"], ...${cookies}.map((c) => ["set-cookie", c])] }); } };`,
  "a failure": (cookies) =>
    `export default { fetch() { return new Response("x", { status: 500, headers: ${cookies}.map((c) => ["set-cookie", c]) }); } };`,
};

interface Sent {
  /** The cookie as it came, null when it was dropped. */
  cookie: string | null;
}

const NAMES = Object.keys(SOURCES).flatMap((way) => Object.keys(ATTRIBUTES).map((name) => `${name}, in ${way}`));

export const cookies: CaseClass = {
  name: "cookies",
  cases: attempts<Sent>({
    names: NAMES,
    expected: "dropped; the tenant's own cookies stay",
    attack: async (stage) => {
      const seen = new Map<string, Sent>();
      for (const [way, build] of Object.entries(SOURCES)) {
        const script = stage.nonce();
        const lines = Object.values(ATTRIBUTES).map((attributes, index) => `c${index}=1${attributes}`);
        await stage.deploy(stage.attacker, script, build(JSON.stringify([...lines, "own=1; Path=/"])));
        const answer = await stage.run(stage.attacker, script);
        if (!answer.setCookies.some((cookie) => cookie.startsWith("own="))) {
          throw new Error(`The tenant's own cookie did not come: ${answer.status} ${answer.text.slice(0, 100)}`);
        }
        for (const [index, name] of Object.keys(ATTRIBUTES).entries()) {
          const cookie = answer.setCookies.find((line) => line.startsWith(`c${index}=`)) ?? null;
          seen.set(`${name}, in ${way}`, { cookie });
        }
      }
      return seen;
    },
    judge: ({ cookie }) => (cookie === null ? null : `it was sent: ${cookie.slice(0, 100)}`),
    breach: { cookie: "c0=1; Domain=localhost" },
  }),
};
