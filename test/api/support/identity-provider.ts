import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const CLIENT = { id: "isola:test", secret: "a secret / with + signs" };

/** Who signs in next, and what the provider says of them. */
export interface Subject {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
}

/** An identity provider on loopback: the token endpoint, the keys, the user info. Its sign-in page is the test. */
export interface IdentityProvider {
  origin: string;
  /** Answers a code for an authorization request, as if `subject` had signed in there. */
  authorize(url: string, subject: Subject, claims?: JWTPayload): string;
  /** What it signs ID tokens with from now on. */
  signWith(key: "own" | "another"): void;
  /** What the user info says of another subject than the ID token, when set. */
  confuse(sub: string | null): void;
  stop(): Promise<void>;
}

interface Grant {
  subject: Subject;
  claims: JWTPayload;
  nonce: string;
  challenge: string;
  redirectUri: string;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const [own, another] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  const keys = { keys: [{ ...(await exportJWK(own.publicKey)), kid: "k1", alg: "ES256", use: "sig" }] };
  let signing: CryptoKey = own.privateKey;
  let confused: string | null = null;
  const grants = new Map<string, Grant>();
  const people = new Map<string, Subject>();
  let origin = "";

  const token = async (form: URLSearchParams, authorization: string): Promise<unknown> => {
    const code = form.get("code") ?? "";
    const grant = grants.get(code);
    grants.delete(code);
    const { id, secret } = CLIENT;
    const encoded = [id, secret].map((text) => encodeURIComponent(text).replaceAll("%20", "+")).join(":");
    if (authorization !== `Basic ${btoa(encoded)}`) return null;
    if (grant === undefined || grant.redirectUri !== form.get("redirect_uri")) return null;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(form.get("code_verifier") ?? ""));
    if (Buffer.from(digest).toString("base64url") !== grant.challenge) return null;
    const accessToken = crypto.randomUUID();
    people.set(accessToken, grant.subject);
    const idToken = await new SignJWT({ ...grant.subject, nonce: grant.nonce, iss: origin, aud: id, ...grant.claims })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setIssuedAt()
      .setExpirationTime(grant.claims.exp ?? "5m")
      .sign(signing);
    return { access_token: accessToken, id_token: idToken, token_type: "Bearer", refresh_token: "never kept" };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const authorization = request.headers.authorization ?? "";
      const answer =
        request.url === "/token"
          ? await token(new URLSearchParams(Buffer.concat(chunks).toString()), authorization)
          : request.url === "/keys"
            ? keys
            : { ...people.get(authorization.slice("Bearer ".length)), ...(confused === null ? {} : { sub: confused }) };
      response.writeHead(answer === null ? 400 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { error: "invalid_grant" }));
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    authorize: (url, subject, claims = {}) => {
      const { searchParams } = new URL(url);
      const code = crypto.randomUUID();
      const given = (name: string): string => searchParams.get(name) ?? "";
      grants.set(code, {
        subject,
        claims,
        nonce: given("nonce"),
        challenge: given("code_challenge"),
        redirectUri: given("redirect_uri"),
      });
      return code;
    },
    signWith: (key) => {
      signing = (key === "own" ? own : another).privateKey;
    },
    confuse: (sub) => {
      confused = sub;
    },
    stop: () => new Promise((done) => server.close(() => done())),
  };
}
