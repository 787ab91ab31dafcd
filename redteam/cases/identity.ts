import { attempts, type CaseClass } from "../attempt.ts";
import { readVault } from "../support/vault.ts";

interface Answered {
  status: number;
  org: string | null;
}

/** Headers by which a caller says who it is, or whose it wants to be. */
const claims = (host: string, orgId: string): Record<string, Record<string, string>> => ({
  "x-forwarded-host": { "x-forwarded-host": host },
  "x-forwarded-host and proto": { "x-forwarded-host": host, "x-forwarded-proto": "https", "x-forwarded-port": "443" },
  forwarded: { forwarded: `host=${host};proto=https;for=127.0.0.1` },
  "x-host": { "x-host": host },
  "x-original-host": { "x-original-host": host },
  "x-original-url": { "x-original-url": `http://${host}/` },
  "x-rewrite-url": { "x-rewrite-url": `http://${host}/` },
  "x-http-host-override": { "x-http-host-override": host },
  "x-isola-org": { "x-isola-org": orgId },
  "x-isola-slug": { "x-isola-slug": host.split(".")[0] ?? "" },
  "x-isola-execution": { "x-isola-execution": "exe_00000000000000000000", "x-isola-run": "1", "x-isola-facts": "{}" },
  "x-isola-quiet and fault": { "x-isola-quiet": "1", "x-isola-fault": "error" },
  "mf-*": { "mf-original-url": `http://${host}/`, "mf-vitest": "1", "mf-dispatch-fetch": "1", "mf-cf-blob": "{}" },
  "cf-worker": { "cf-worker": host, "cf-ew-via": "15", "cf-connecting-ip": "127.0.0.1" },
  "cf blob": { "cf-blob": JSON.stringify({ isola: { orgId } }), cf: JSON.stringify({ isola: { orgId } }) },
  "capnp tunnel": { upgrade: "capnp", connection: "upgrade", "x-miniflare-unsafe-internal-capnp-connect": "1" },
  "method override": { "x-http-method-override": "DELETE", "x-method-override": "DELETE" },
  connection: { connection: "close, host", te: "trailers" },
});

/** Headers by which a caller claims to be somebody at the control plane. */
const principals: Record<string, Record<string, string>> = {
  "no credentials": {},
  "x-user": { "x-user": "owner@example.com", "x-user-id": "usr_00000000000000000000", "x-role": "owner" },
  "x-forwarded-user": { "x-forwarded-user": "owner@example.com", "x-forwarded-email": "owner@example.com" },
  "remote-user": { "remote-user": "owner@example.com", "x-remote-user": "owner@example.com" },
  "cf-access": { "cf-access-authenticated-user-email": "owner@example.com", "cf-access-jwt-assertion": "e30.e30." },
  "unsigned token": { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciIsInJvbGUiOiJvd25lciJ9." },
  "basic owner": { authorization: `Basic ${Buffer.from("owner@example.com:").toString("base64")}` },
  "x-isola principal": { "x-isola-principal": JSON.stringify({ type: "platform", role: "owner" }) },
  "unsigned cookie": { cookie: "isola_session=owner; better-auth.session_token=owner.x; __Secure-session=owner" },
  "local proxy": { "x-real-ip": "127.0.0.1", "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "app.localhost" },
};

export const identity: CaseClass = {
  name: "identity",
  cases: [
    ...attempts<Answered>({
      names: Object.keys(claims("", "")).map((name) => `at the attacker's host, ${name}`),
      expected: "the host in Host answers, nobody else",
      attack: async (stage) => {
        const { attacker, victim } = stage;
        const seen = new Map<string, Answered>();
        for (const [name, headers] of Object.entries(claims(victim.host, victim.orgId))) {
          const answer = await stage.platform.fetch(attacker.host, "/", { headers });
          seen.set(`at the attacker's host, ${name}`, {
            status: answer.status,
            org: readVault(answer.text)?.org ?? (answer.text.includes(victim.secret) ? "victim" : null),
          });
        }
        return seen;
      },
      judge: ({ org, status }) => {
        if (org === "attacker") return null;
        return org === null && status >= 400 && status < 500 ? null : `answered ${status} as ${org}`;
      },
      breach: { status: 200, org: "victim" },
    }),
    ...attempts<number>({
      names: Object.keys(principals).map((name) => `at the control plane, ${name}`),
      expected: "401 without valid credentials",
      attack: async (stage) => {
        const seen = new Map<string, number>();
        for (const [name, headers] of Object.entries(principals)) {
          const answer = await stage.platform.fetch("app.localhost", `/api/v1/orgs/${stage.victim.slug}`, { headers });
          seen.set(`at the control plane, ${name}`, answer.status);
        }
        return seen;
      },
      judge: (status) => (status === 401 ? null : `answered ${status}`),
      breach: 200,
    }),
  ],
};
