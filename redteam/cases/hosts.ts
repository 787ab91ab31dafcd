import { attempts, type CaseClass } from "../attempt.ts";
import { sendRaw } from "../support/raw.ts";
import { neighboursHarm } from "../support/vault.ts";

interface Heard {
  /** Whose secret came back; `console` for the control plane. */
  who: "attacker" | "victim" | "bystander" | "console" | "nobody";
  /** What is wrong with the neighbours afterwards. */
  harm: string | null;
}

type Who = Heard["who"];

/** Heads of requests, each with those who may answer. */
const HEADS: Record<string, { head: string; may: readonly Who[] }> = {
  "port of another": { head: "GET / HTTP/1.1\r\nHost: attacker.localhost:80", may: ["attacker"] },
  "case and dot": { head: "GET / HTTP/1.1\r\nHost: ATTACKER.Localhost.:1", may: ["attacker"] },
  "two dots": { head: "GET / HTTP/1.1\r\nHost: attacker.localhost..", may: ["nobody"] },
  "user information": { head: "GET / HTTP/1.1\r\nHost: victim.localhost@attacker.localhost", may: ["nobody"] },
  "user information and port": {
    head: "GET / HTTP/1.1\r\nHost: victim.localhost:80@attacker.localhost",
    may: ["nobody"],
  },
  "a path in it": { head: "GET / HTTP/1.1\r\nHost: victim.localhost/.attacker.localhost", may: ["nobody"] },
  "a fragment in it": { head: "GET / HTTP/1.1\r\nHost: victim.localhost#.attacker.localhost", may: ["nobody"] },
  "a question mark in it": { head: "GET / HTTP/1.1\r\nHost: victim.localhost?.attacker.localhost", may: ["nobody"] },
  "a backslash in it": { head: "GET / HTTP/1.1\r\nHost: victim.localhost\\.attacker.localhost", may: ["nobody"] },
  "an escape in it": { head: "GET / HTTP/1.1\r\nHost: %76ictim.localhost", may: ["nobody"] },
  "a space in it": { head: "GET / HTTP/1.1\r\nHost: victim.localhost attacker.localhost", may: ["nobody"] },
  "a comma in it": { head: "GET / HTTP/1.1\r\nHost: attacker.localhost, victim.localhost", may: ["nobody"] },
  "a tab before it": { head: "GET / HTTP/1.1\r\nHost:\tattacker.localhost", may: ["attacker", "nobody"] },
  "a NUL in it": { head: "GET / HTTP/1.1\r\nHost: victim.localhost\0.attacker.localhost", may: ["nobody"] },
  "a letter that folds into ASCII": { head: "GET / HTTP/1.1\r\nHost: victim.local\xe2\x84\xa8ost", may: ["nobody"] },
  "full-width letters": { head: "GET / HTTP/1.1\r\nHost: \xef\xbd\x96ictim.localhost", may: ["nobody"] },
  "a label more": { head: "GET / HTTP/1.1\r\nHost: x.victim.localhost", may: ["nobody"] },
  "a suffix that is not the domain": { head: "GET / HTTP/1.1\r\nHost: victim.localhost.evil.example", may: ["nobody"] },
  "the domain glued on": { head: "GET / HTTP/1.1\r\nHost: victim.notlocalhost", may: ["nobody"] },
  "no label": { head: "GET / HTTP/1.1\r\nHost: .localhost", may: ["nobody"] },
  "a wildcard": { head: "GET / HTTP/1.1\r\nHost: *.localhost", may: ["nobody"] },
  empty: { head: "GET / HTTP/1.1\r\nHost:", may: ["nobody"] },
  "a name of the prototype": { head: "GET / HTTP/1.1\r\nHost: constructor.localhost", may: ["nobody"] },
  __proto__: { head: "GET / HTTP/1.1\r\nHost: __proto__.localhost", may: ["nobody"] },
  "300 characters": { head: `GET / HTTP/1.1\r\nHost: ${"v".repeat(300)}.localhost`, may: ["nobody"] },
  "an address": { head: "GET / HTTP/1.1\r\nHost: 127.0.0.1", may: ["nobody"] },
  "an address in brackets": { head: "GET / HTTP/1.1\r\nHost: [::1]:80", may: ["nobody"] },
  "HTTP/1.1 without Host": { head: "GET / HTTP/1.1", may: ["nobody"] },
  "HTTP/1.0 without Host": { head: "GET / HTTP/1.0", may: ["nobody"] },
  "HTTP/1.0 with Host": { head: "GET / HTTP/1.0\r\nHost: attacker.localhost", may: ["attacker"] },
  "two Hosts": {
    head: "GET / HTTP/1.1\r\nHost: attacker.localhost\r\nHost: victim.localhost",
    may: ["nobody", "attacker"],
  },
  "two Hosts, the other way round": {
    head: "GET / HTTP/1.1\r\nHost: victim.localhost\r\nHost: attacker.localhost",
    may: ["nobody"],
  },
  "two Hosts in two cases": {
    head: "GET / HTTP/1.1\r\nhost: attacker.localhost\r\nHOST: victim.localhost",
    may: ["nobody"],
  },
  "a space before the colon": {
    head: "GET / HTTP/1.1\r\nHost: attacker.localhost\r\nHost : victim.localhost",
    may: ["nobody", "attacker"],
  },
  "a folded line": {
    head: "GET / HTTP/1.1\r\nHost: attacker.localhost\r\n .victim.localhost",
    may: ["nobody", "attacker"],
  },
  "a bare line feed": { head: "GET / HTTP/1.1\r\nHost: attacker.localhost\nHost: victim.localhost", may: ["nobody"] },
  "an absolute request line": {
    head: "GET http://victim.localhost/ HTTP/1.1\r\nHost: attacker.localhost",
    may: ["attacker", "nobody"],
  },
  "an absolute request line to the control plane": {
    head: "GET http://app.localhost/api/v1/orgs HTTP/1.1\r\nHost: attacker.localhost",
    may: ["attacker", "nobody"],
  },
  "an authority in the path": {
    head: "GET //victim.localhost/ HTTP/1.1\r\nHost: attacker.localhost",
    may: ["attacker"],
  },
  "a user in the path": {
    head: "GET @victim.localhost/ HTTP/1.1\r\nHost: attacker.localhost",
    may: ["attacker", "nobody"],
  },
  "a port in the path": {
    head: "GET :80@victim.localhost/ HTTP/1.1\r\nHost: attacker.localhost",
    may: ["attacker", "nobody"],
  },
  "a dot in the path": {
    head: "GET .victim.localhost/ HTTP/1.1\r\nHost: attacker.localhost",
    may: ["attacker", "nobody"],
  },
  "CONNECT to another": {
    head: "CONNECT victim.localhost:80 HTTP/1.1\r\nHost: attacker.localhost",
    may: ["nobody", "attacker"],
  },
  "the runtime's own RPC host": {
    head: "CONNECT miniflare-unsafe-internal-capnp-connect:80 HTTP/1.1\r\nHost: miniflare-unsafe-internal-capnp-connect",
    may: ["nobody"],
  },
};

const NAMES = Object.keys(HEADS);

export const hosts: CaseClass = {
  name: "hosts",
  cases: attempts<Heard>({
    names: NAMES,
    expected: "the one host that is meant, or a refusal",
    attack: async (stage) => {
      const seen = new Map<string, Heard>();
      for (const [name, { head }] of Object.entries(HEADS)) {
        const raw = await sendRaw(stage.platform.port, `${head}\r\nConnection: close\r\n\r\n`);
        const tenant = [stage.victim, stage.bystander, stage.attacker].find(({ secret }) => raw.includes(secret));
        const who = tenant?.slug ?? (/"code":"unauthenticated"|Isola<\/title>/.test(raw) ? "console" : "nobody");
        seen.set(name, { who: who as Who, harm: await neighboursHarm(stage) });
      }
      return seen;
    },
    judge: ({ who, harm }, name) => {
      const may = HEADS[name]?.may ?? [];
      return may.includes(who) ? harm : `${who} answered`;
    },
    breach: { who: "victim", harm: null },
  }),
};
