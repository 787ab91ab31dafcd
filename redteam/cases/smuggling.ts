import { attempts, type CaseClass } from "../attempt.ts";
import { sendRaw, statusesOf } from "../support/raw.ts";
import { neighboursHarm } from "../support/vault.ts";

interface Sent {
  /** Statuses of everything that came back on the connection. */
  statuses: number[];
  /** Whether the request inside the other one was run by the victim, by its own log or by what came back. */
  ran: boolean;
  harm: string | null;
}

/** Builds the bytes of a request that hides another; `inner` is that other. */
type Variant = (inner: string) => string;

const HEAD = "POST /outer HTTP/1.1\r\nHost: attacker.localhost\r\n";
const bytes = (text: string): number => Buffer.byteLength(text, "latin1");
const clTe =
  (te: string): Variant =>
  (inner) =>
    `${HEAD}Content-Length: ${bytes(inner) + 5}\r\n${te}\r\n\r\n0\r\n\r\n${inner}`;

const VARIANTS: Record<string, Variant> = {
  "CL.TE": clTe("Transfer-Encoding: chunked"),
  "CL.TE, tab before the value": clTe("Transfer-Encoding:\tchunked"),
  "CL.TE, space before the colon": clTe("Transfer-Encoding : chunked"),
  "CL.TE, upper case": clTe("TRANSFER-ENCODING: CHUNKED"),
  "CL.TE, two codings": clTe("Transfer-Encoding: identity, chunked"),
  "CL.TE, chunked twice": clTe("Transfer-Encoding: chunked, chunked"),
  "CL.TE, two headers": clTe("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
  "CL.TE, quoted": clTe('Transfer-Encoding: "chunked"'),
  "CL.TE, unknown coding": clTe("Transfer-Encoding: xchunked"),
  "CL.TE, vertical tab": clTe("Transfer-Encoding:\x0bchunked"),
  "CL.TE, folded": clTe("Transfer-Encoding:\r\n chunked"),
  "CL.TE, behind a bare carriage return": clTe("X: y\rTransfer-Encoding: chunked"),
  "CL.TE, behind a bare line feed": clTe("X: y\nTransfer-Encoding: chunked"),
  "TE.CL": (inner) =>
    `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${bytes(inner).toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
  "two lengths": (inner) => `${HEAD}Content-Length: 0\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "two lengths in one header": (inner) => `${HEAD}Content-Length: 0, ${bytes(inner)}\r\n\r\n${inner}`,
  "a length with a sign": (inner) => `${HEAD}Content-Length: +0\r\n\r\n${inner}`,
  "a length below zero": (inner) => `${HEAD}Content-Length: -1\r\n\r\n${inner}`,
  "a length in hex": (inner) => `${HEAD}Content-Length: 0x0\r\n\r\n${inner}`,
  "a length over 64 bits": (inner) => `${HEAD}Content-Length: 18446744073709551616\r\n\r\n${inner}`,
  "a length with a space": (inner) => `${HEAD}Content-Length: 0 ${bytes(inner)}\r\n\r\n${inner}`,
  "a chunk over 64 bits": (inner) => `${HEAD}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n${inner}`,
  "a chunk size in hex prefix": (inner) => `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${inner}`,
  "a chunk size with a sign": (inner) => `${HEAD}Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n${inner}`,
  "a chunk extension with a line feed": (inner) =>
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n${inner}`,
  "HTTP/1.0 with chunks": (inner) => `${HEAD.replace("1.1", "1.0")}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  "a body on GET": (inner) => `${HEAD.replace("POST", "GET")}Content-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "a body on HEAD": (inner) => `${HEAD.replace("POST", "HEAD")}Content-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "behind 100-continue": (inner) => `${HEAD}Expect: 100-continue\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "behind an upgrade that is refused": (inner) =>
    `${HEAD.replace("POST", "GET")}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "behind h2c": (inner) =>
    `${HEAD}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "a line break in the path": (inner) =>
    `POST /outer%0d%0a%0d%0a${encodeURIComponent(inner)} HTTP/1.1\r\nHost: attacker.localhost\r\nContent-Length: 0\r\n\r\n`,
  "to the control plane, CL.TE": (inner) =>
    clTe("Transfer-Encoding: chunked")(inner).replace("attacker.localhost", "app.localhost"),
  "to the control plane, two lengths": (inner) =>
    `POST /api/v1/orgs HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 0\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "to the control plane, a body on GET": (inner) =>
    `GET /api/v1/orgs HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
  "to the control plane, unread body": (inner) =>
    `POST /api/v1/none HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: ${bytes(inner)}\r\n\r\n${inner}`,
};

export const smuggling: CaseClass = {
  name: "smuggling",
  cases: attempts<Sent>({
    names: Object.keys(VARIANTS),
    expected: "the request inside is a body or nothing, and is never run",
    attack: async (stage) => {
      const sent = new Map<string, { raw: string; nonce: string; harm: string | null }>();
      for (const [name, build] of Object.entries(VARIANTS)) {
        const nonce = stage.nonce();
        const inner = `GET /smuggled-${nonce} HTTP/1.1\r\nHost: victim.localhost\r\nConnection: close\r\n\r\n`;
        const raw = await sendRaw(stage.platform.port, build(inner));
        sent.set(name, { raw, nonce, harm: await neighboursHarm(stage) });
      }
      const paths = (await stage.executions(stage.victim)).map(({ path }) => path);
      return new Map(
        [...sent].map(([name, { raw, nonce, harm }]) => [
          name,
          {
            statuses: statusesOf(raw),
            ran: raw.includes(stage.victim.secret) || paths.includes(`/smuggled-${nonce}`),
            harm,
          },
        ]),
      );
    },
    judge: ({ ran, statuses, harm }) => (ran ? `the victim ran it (answers: ${statuses.join(", ")})` : harm),
    breach: { statuses: [200, 200], ran: true, harm: null },
  }),
};
