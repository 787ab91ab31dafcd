import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SAML_BODY_BYTES_MAX, SAML_CLOCK_SKEW_S } from "../../contracts/limits.ts";
import { makeSigner } from "./support/certificate.ts";
import { type Answer, type Core, ORIGIN, startCore } from "./support/core.ts";
import { claim, join, OWNER } from "./support/people.ts";
import {
  answerTo,
  EMAIL_FORMAT,
  ENTITY_ID,
  formOf,
  type How,
  type Part,
  readRequest,
  type Said,
  type SamlRequest,
  signed,
} from "./support/saml-provider.ts";

const own = makeSigner();
const next = makeSigner();
const curve = makeSigner("ec");
const weak = makeSigner("rsa", 1024);
const stranger = makeSigner();
const IDP = "https://id.staff.example";

let core: Core;
beforeAll(async () => {
  const common = {
    entityId: ENTITY_ID,
    signOnUrl: `${IDP}/sign-on?tenant=1`,
    certificates: [own, next, curve, weak].map(({ certificate }) => certificate),
    domains: ["Staff.example", "example.com"],
  };
  const attributes = { email: "mail", name: "displayName" };
  const providers = [
    { ...common, id: "ours", name: "Our directory", attributes },
    { ...common, id: "plain", name: "Plain" },
    { ...common, id: "closed", name: "Closed", attributes, newAccounts: false },
    { ...common, id: "numbered", name: "Numbered", attributes: { ...attributes, subject: "number" } },
  ];
  core = await startCore({ SAML_PROVIDERS: JSON.stringify(providers) });
  await claim(core);
});
afterAll(() => core.stop());

interface Begun {
  id: string;
  url: string;
  cookie: string;
  request: SamlRequest;
}

/** A browser that begins to sign in: where it is sent, and what it holds. */
async function begin(id = "ours", to?: string): Promise<Begun> {
  const json = to === undefined ? {} : { to };
  const begun = await core.call(`/api/auth/saml/${id}`, { headers: { origin: ORIGIN }, json });
  if (begun.status !== 200) throw new Error(begun.text);
  const [cookie = ""] = (begun.headers.getSetCookie()[0] ?? "").split(";");
  return { id, url: begun.json.url, cookie, request: readRequest(begun.json.url) };
}

/** What a provider's page makes a browser send: a form, from another site, without our cookies. */
const post = (id: string, body: string): Promise<Answer> =>
  core.call(`/api/auth/saml/${id}/acs`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: IDP, "sec-fetch-site": "cross-site" },
    body,
  });

/** The browser brings an answer, and follows to where it is sent. */
async function bring({ id, cookie, request }: Begun, xml: string, state = request.relayState): Promise<Answer> {
  const taken = await post(id, formOf(xml, state));
  const to = where(taken) ?? "";
  return to.includes("/finish?") ? core.call(to, { headers: { cookie } }) : taken;
}

const sign = (xml: string, part: Part = "Assertion", how: How = {}): string => signed(xml, part, own, how);

async function signInAs(said: Said, id = "ours"): Promise<Answer> {
  const begun = await begin(id);
  return bring(begun, sign(answerTo(begun.request, said)));
}

const where = (answer: Answer): string | null => answer.headers.get("location");
const sessionOf = (answer: Answer): string =>
  answer.headers
    .getSetCookie()
    .find((line) => line.startsWith("isola_session="))
    ?.split(";")[0] ?? "";
const whoIs = async (answer: Answer) =>
  (await core.call("/api/v1/me", { headers: { cookie: sessionOf(answer) } })).json;
const owner: Said = { nameId: "owner-1", attributes: { mail: "Owner@Example.com" } };
const isRefused = (answer: Answer, problem = "denied"): void =>
  expect([answer.status, where(answer), sessionOf(answer)]).toEqual([303, `/sign-in?error=${problem}`, ""]);
/** Refused, and for the reason that the log gives. */
async function isRefusedFor(answer: Answer, reason: RegExp): Promise<void> {
  isRefused(answer);
  await expect
    .poll(() =>
      core
        .printed()
        .split("\n")
        .filter((line) => / provider \w+:/.test(line))
        .at(-1),
    )
    .toMatch(reason);
}

describe("signing in by a SAML provider", () => {
  test("is offered by name", async () => {
    const { json } = await core.call("/api/auth/methods");
    expect(json.providers[0]).toEqual({ id: "ours", name: "Our directory", begin: "/api/auth/saml/ours" });
    expect((await core.call("/sign-in")).text).toContain('data-begin="/api/auth/saml/ours"');
  });

  test("sends the browser off with a request of its own, and a state that says nothing", async () => {
    const { url, cookie, request } = await begin("ours", "/account");
    const { origin, pathname, searchParams } = new URL(url);
    expect([origin + pathname, searchParams.get("tenant")]).toEqual([`${IDP}/sign-on`, "1"]);
    expect(request).toMatchObject({
      id: expect.stringMatching(/^_[\w-]{43}$/),
      acsUrl: `${ORIGIN}/api/auth/saml/ours/acs`,
      issuer: `${ORIGIN}/api/auth/saml/ours/metadata`,
      relayState: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(request.xml).toContain(`Destination="${IDP}/sign-on?tenant=1"`);
    expect(request.xml).toMatch(
      /^<samlp:AuthnRequest .*<samlp:NameIDPolicy AllowCreate="true"\/><\/samlp:AuthnRequest>$/,
    );
    expect(cookie).toMatch(/^isola_saml=/);
    expect((await begin()).request.id).not.toBe(request.id);
  });

  test.each<[string, Part[]]>([
    ["assertion", ["Assertion"]],
    ["response", ["Response"]],
    ["assertion and response", ["Assertion", "Response"]],
  ])("takes a signed %s, and goes where it was to go", async (_, parts) => {
    const begun = await begin("ours", "/account?tab=sessions");
    const xml = parts.reduce((text, part) => sign(text, part), answerTo(begun.request, owner));
    const answer = await bring(begun, xml);
    expect([answer.status, where(answer)]).toEqual([303, "/account?tab=sessions"]);
    expect((await whoIs(answer)).user).toMatchObject({ email: OWNER.email, role: "owner" });
  });

  test.each<[string, () => string, typeof own, How]>([
    ["RSA with SHA-512", () => "rsa-sha512", own, { digest: "http://www.w3.org/2001/04/xmlenc#sha512" }],
    ["RSA-PSS", () => "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", own, {}],
    ["ECDSA", () => "ecdsa-sha256", curve, {}],
    ["the next certificate", () => "rsa-sha256", next, {}],
    ["inclusive prefixes", () => "rsa-sha256", own, { prefixes: ["xs", "samlp"] }],
  ])("takes a signature by %s", async (_, name, signer, how) => {
    const begun = await begin();
    const algorithm = name().includes("://") ? name() : `http://www.w3.org/2001/04/xmldsig-more#${name()}`;
    const answer = await bring(
      begun,
      signed(answerTo(begun.request, owner), "Assertion", signer, { ...how, algorithm }),
    );
    expect(where(answer)).toBe("/");
  });

  test("knows its person again by the subject, whatever the address has become", async () => {
    const answer = await signInAs({ nameId: "owner-1", attributes: { mail: "renamed@elsewhere.example" } });
    expect((await whoIs(answer)).user.email).toBe(OWNER.email);
  });

  test("takes the address from the NameID, or the subject from an attribute, where it is so", async () => {
    const byName = await signInAs({ nameId: "Owner@example.com", format: EMAIL_FORMAT }, "plain");
    expect((await whoIs(byName)).user.email).toBe(OWNER.email);
    const format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    const attributes = { mail: OWNER.email, number: "007" };
    const byNumber = await signInAs({ nameId: "_once", format, attributes }, "numbered");
    expect((await whoIs(byNumber)).user.email).toBe(OWNER.email);
    await isRefusedFor(await signInAs({ nameId: "_once", format }), /transient/);
  });

  test("is written down, with the link", async () => {
    const { rows } = await core.sql.query("select action, details from audit_log where action like '%in%'");
    expect(rows.map(({ details }) => details.by)).toContain("saml");
    expect(rows).toContainEqual({
      action: "saml.link",
      details: { provider: "ours", email: OWNER.email.toLowerCase() },
    });
  });

  test("has its part described for the provider", async () => {
    const { headers, text } = await core.call("/api/auth/saml/ours/metadata");
    expect(headers.get("content-type")).toBe("application/samlmetadata+xml");
    expect(text).toContain(`entityID="${ORIGIN}/api/auth/saml/ours/metadata"`);
    expect(text).toContain(
      `<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${ORIGIN}/api/auth/saml/ours/acs"`,
    );
    expect((await core.call("/api/auth/saml/nobody/metadata")).status).toBe(404);
  });
});

describe("an account", () => {
  const newcomer: Said = { nameId: "new-1", attributes: { mail: "New@Staff.example", displayName: "New Person" } };

  test("is made for who has an address of the provider's domains, and not for those that only end alike", async () => {
    expect((await whoIs(await signInAs(newcomer))).user).toMatchObject({
      email: "new@staff.example",
      name: "New Person",
      role: "member",
    });
    isRefused(await signInAs({ nameId: "new-2", attributes: { mail: "new@notstaff.example" } }), "no_account");
  });

  test("is made for invited people only, where the provider may not make any", async () => {
    const closed: Said = { nameId: "closed-1", attributes: { mail: "closed@staff.example" } };
    isRefused(await signInAs(closed, "closed"), "no_account");
    await core.sql.query(
      `insert into invitation (id, email, token_hash, expires_at) values ('inv_1', 'closed@staff.example', 'hash', now() + interval '1 day')`,
    );
    expect((await whoIs(await signInAs(closed, "closed"))).user.email).toBe("closed@staff.example");
  });

  test("is neither found nor made by an address that the provider does not vouch for, or by two", async () => {
    const other = await join(core, "member");
    await core.sql.query(`update "user" set email = 'ada@elsewhere.example' where id = $1`, [other.id]);
    isRefused(await signInAs({ nameId: "ada", attributes: { mail: "ada@elsewhere.example" } }), "no_account");
    isRefused(
      await signInAs({ nameId: "two", attributes: { mail: [OWNER.email, "two@staff.example"] } }),
      "no_account",
    );
    isRefused(await signInAs({ nameId: "none" }), "no_account");
    isRefused(await signInAs({ nameId: OWNER.email }, "plain"), "no_account");
  });

  test("that is deactivated, or a partner's, is as if it were not there", async () => {
    const gone = await join(core, "member");
    const partner = await join(core, "partner");
    const signInOf = ({ id }: { id: string }) => signInAs({ nameId: id, attributes: { mail: `${id}@example.com` } });
    expect(sessionOf(await signInOf(gone))).not.toBe("");
    await core.sql.query(`update "user" set deactivated_at = now() where id = $1`, [gone.id]);
    for (const who of [gone, partner]) isRefused(await signInOf(who), "no_account");
  });
});

describe("an answer belongs to the browser that began", () => {
  test("so another one that brings it is signed in as nobody, and neither is who began", async () => {
    const victim = await begin();
    const begun = await begin();
    for (const cookie of ["", victim.cookie]) {
      const attack = await begin();
      const taken = await post("ours", formOf(sign(answerTo(attack.request, owner)), attack.request.relayState));
      const finish = where(taken) ?? "";
      expect(finish).toMatch(/^\/api\/auth\/saml\/ours\/finish\?ticket=[\w-]{43}$/);
      expect(sessionOf(taken)).toBe("");
      isRefused(await core.call(finish, { headers: { cookie } }));
      isRefused(await core.call(finish, { headers: { cookie: attack.cookie } }));
    }
    isRefused(await core.call("/api/auth/saml/ours/finish", { headers: { cookie: begun.cookie } }));
  });

  test("and its ticket is good once, for a minute, and at its provider", async () => {
    const ticketOf = async (begun: Begun): Promise<string> =>
      where(await post("ours", formOf(sign(answerTo(begun.request, owner)), begun.request.relayState))) ?? "";
    const first = await begin();
    const finish = await ticketOf(first);
    expect(where(await core.call(finish, { headers: { cookie: first.cookie } }))).toBe("/");
    isRefused(await core.call(finish, { headers: { cookie: first.cookie } }));
    const second = await begin();
    const elsewhere = (await ticketOf(second)).replace("/ours/", "/plain/");
    isRefused(await core.call(elsewhere, { headers: { cookie: second.cookie } }));
    const third = await begin();
    const late = await ticketOf(third);
    await core.sql.query("update verification set expires_at = now() where identifier like 'saml-ticket:%'");
    isRefused(await core.call(late, { headers: { cookie: third.cookie } }));
  });

  test("and nothing begins from another site, at a provider that there is not, or to lead to another host", async () => {
    const asked = (id: string, origin: string, json: object) =>
      core.call(`/api/auth/saml/${id}`, { headers: { origin }, json });
    expect((await asked("ours", "https://evil.example", {})).status).toBe(403);
    expect((await asked("nobody", ORIGIN, {})).status).toBe(404);
    for (const to of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      expect((await asked("ours", ORIGIN, { to })).status).toBe(422);
    }
  });
});

describe("an answer is refused", () => {
  test("that nobody asked for, that comes too late, or with another's state", async () => {
    const begun = await begin();
    const xml = sign(answerTo(begun.request, owner));
    isRefused(
      await post("ours", new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString("base64") }).toString()),
      "unasked",
    );
    isRefused(await bring(begun, xml, "/account"), "unasked");
    isRefused(await bring(begun, xml, "A".repeat(43)), "unasked");
    const other = await begin();
    await isRefusedFor(await bring(begun, xml, other.request.relayState), /InResponseTo/);
    await core.sql.query("update verification set expires_at = now() where identifier like 'saml:%'");
    isRefused(await bring(begun, xml), "unasked");
    isRefused(await bring({ ...(await begin()), id: "plain" }, xml), "unasked");
  });

  test("a second time, and so is its assertion in the answer to another request", async () => {
    const begun = await begin();
    const xml = sign(answerTo(begun.request, { ...owner, assertionId: "_once-only" }));
    expect(where(await bring(begun, xml))).toBe("/");
    isRefused(await bring(begun, xml), "unasked");
    const again = await begin();
    await isRefusedFor(await bring(again, xml), /InResponseTo/);
    await isRefusedFor(await signInAs({ ...owner, assertionId: "_once-only" }), /used before/);
  });

  test.each<[string, Said, RegExp]>([
    ["for another audience", { audience: "https://other.example" }, /another audience/],
    [
      "for two audiences at once",
      { conditions: "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>" },
      /another audience/,
    ],
    ["of another issuer", { issuer: "https://evil.example" }, /the Issuer/],
    ["in a response of another issuer", { responseIssuer: "https://evil.example" }, /Issuer of the Response/],
    ["for another recipient", { recipient: "https://evil.example/acs" }, /not confirmed/],
    ["sent to another destination", { destination: "https://evil.example/acs" }, /Destination/],
    ["to another request", { inResponseTo: "_other" }, /InResponseTo/],
    ["with a subject of another request", { confirmedInResponseTo: "_other" }, /not confirmed/],
    [
      "by another confirmation than bearing it",
      { method: "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches" },
      /not confirmed/,
    ],
    ["that is over", { notOnOrAfter: -SAML_CLOCK_SKEW_S - 1 }, /is over/],
    ["that is not good yet", { notBefore: SAML_CLOCK_SKEW_S + 5 }, /not good yet/],
    ["whose subject is confirmed no more", { confirmedUntil: -SAML_CLOCK_SKEW_S - 1 }, /not confirmed/],
    ["with a condition that nobody knows", { conditions: "<saml:Weather>fair</saml:Weather>" }, /Weather/],
    ["without a sign-in", { statement: "" }, /AuthnStatement/],
    ["that is a failure", { status: "urn:oasis:names:tc:SAML:2.0:status:Responder" }, /the status/],
  ])("%s", async (_, said, reason) => {
    await isRefusedFor(await signInAs({ ...owner, ...said }), reason);
  });

  test("not for a clock that is a little off", async () => {
    const said = { notBefore: SAML_CLOCK_SKEW_S - 20, notOnOrAfter: 20 - SAML_CLOCK_SKEW_S };
    expect(where(await signInAs({ ...owner, ...said, confirmedUntil: 20 - SAML_CLOCK_SKEW_S }))).toBe("/");
  });

  test("whose response is signed and does not say where it is to go", async () => {
    const begun = await begin();
    await isRefusedFor(
      await bring(begun, sign(answerTo(begun.request, { ...owner, destination: null }), "Response")),
      /no Destination/,
    );
    const other = await begin();
    expect(where(await bring(other, sign(answerTo(other.request, { ...owner, destination: null }))))).toBe("/");
  });

  test("that is encrypted, with the reason in the log", async () => {
    const begun = await begin();
    const xml = answerTo(begun.request, owner).replace(
      /<saml:Assertion[\s\S]*<\/saml:Assertion>/,
      `<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/></saml:EncryptedAssertion>`,
    );
    await isRefusedFor(await bring(begun, xml), /is encrypted: have the provider sign it/);
  });
});

describe("a signature does not count", () => {
  const RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
  const WITH_COMMENTS = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
  const INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
  const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

  test("that is not there", async () => {
    const begun = await begin();
    await isRefusedFor(await bring(begun, answerTo(begun.request, owner)), /is signed/);
  });

  test("of a key that is not configured, even if it comes along", async () => {
    const begun = await begin();
    const xml = signed(answerTo(begun.request, owner), "Assertion", stranger);
    expect(xml).toContain("X509Certificate");
    await isRefusedFor(await bring(begun, xml), /not one of the provider's certificates/);
  });

  test("about an ID that two elements have", async () => {
    const answer = await signInAs({ ...owner, assertionId: "_same", responseId: "_same" });
    await isRefusedFor(answer, /have the same ID/);
  });

  test("beside one in a place where none belongs", async () => {
    const begun = await begin();
    const stray = `<samlp:Extensions><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></samlp:Extensions><samlp:Status>`;
    const xml = sign(answerTo(begun.request, owner)).replace("<samlp:Status>", stray);
    await isRefusedFor(await bring(begun, xml), /where none belongs/);
  });

  test("beside another one that is not good", async () => {
    const begun = await begin();
    const xml = signed(sign(answerTo(begun.request, owner)), "Response", stranger);
    await isRefusedFor(await bring(begun, xml), /not one of the provider's certificates/);
  });

  test.each<[string, How, RegExp]>([
    ["by SHA-1", { algorithm: RSA_SHA1 }, /kind that is not accepted/],
    ["over a digest by SHA-1", { digest: "http://www.w3.org/2000/09/xmldsig#sha1" }, /digest is of a kind/],
    [
      "by a MAC with the certificate for its key",
      { algorithm: "http://www.w3.org/2000/09/xmldsig#hmac-sha1", mac: own.certificate },
      /kind that is not accepted/,
    ],
    ["with comments in its form", { canonical: WITH_COMMENTS }, /not the exclusive one/],
    ["of a form with comments", { transforms: [ENVELOPED, WITH_COMMENTS] }, /not the exclusive one/],
    ["of the inclusive form", { transforms: [ENVELOPED, INCLUSIVE] }, /not the exclusive one/],
    ["without transforms", { transforms: [ENVELOPED] }, /transforms otherwise/],
    ["with two references", { whole: "besides" }, /more than one Reference/],
    ["of the whole document instead", { whole: "instead" }, /another element than the one/],
  ])("%s", async (_, how, reason) => {
    const begun = await begin();
    await isRefusedFor(await bring(begun, sign(answerTo(begun.request, owner), "Assertion", how)), reason);
  });

  test("of a key that is too short", async () => {
    const begun = await begin();
    await isRefusedFor(await bring(begun, signed(answerTo(begun.request, owner), "Assertion", weak)), /not one of/);
  });

  test.each<[string, (xml: string) => string, RegExp]>([
    ["of other words", (xml) => xml.replace("owner-1", "owner-2"), /is not as it was signed/],
    ["with another value", (xml) => xml.replace(/(SignatureValue>)(.{8})/, "$1AAAAAAAA"), /not one of/],
    ["with no value", (xml) => xml.replace(/(SignatureValue>)[^<]+/, "$1"), /base 64/],
    ["with another digest", (xml) => xml.replace(/(DigestValue>)(.{8})/, "$1AAAAAAAA"), /not one of/],
    ["in which more is said", (xml) => xml.replace("<ds:SignedInfo>", "<ds:Object/><ds:SignedInfo>"), /not accepted/],
    [
      "with two kinds of information",
      (xml) => xml.replace(/<ds:SignedInfo[\s\S]*<\/ds:SignedInfo>/, "$&$&"),
      /more than one SignedInfo/,
    ],
  ])("%s", async (_, change, reason) => {
    const begun = await begin();
    await isRefusedFor(await bring(begun, change(sign(answerTo(begun.request, owner)))), reason);
  });
});

describe("a signed part that is wrapped away signs in nobody else", () => {
  /** An assertion of the attacker's own, for the same request, and a response of theirs around it. */
  const parts = (xml: string, request: SamlRequest) => {
    const take = (from: string, pattern: RegExp): string => pattern.exec(from)?.[0] ?? "";
    const ASSERTION = /<saml:Assertion[\s\S]*<\/saml:Assertion>/;
    const SIGNATURE = /<ds:Signature[\s\S]*?<\/ds:Signature>/;
    const evil = take(answerTo(request, owner), ASSERTION);
    return {
      signedAssertion: take(xml, ASSERTION),
      bare: take(xml, ASSERTION).replace(SIGNATURE, ""),
      signature: take(xml, SIGNATURE),
      evil,
      /** The attacker's with something in it, after its issuer. */
      evilWith: (inner: string) => evil.replace("</saml:Issuer>", `</saml:Issuer>${inner}`),
      around: (inner: string) => xml.replace(ASSERTION, () => inner),
    };
  };
  type Wrapping = (made: ReturnType<typeof parts>) => string;
  const object = (inner: string): string => `<ds:Object>${inner}</ds:Object>`;
  const intoSignature = (signature: string, inner: string): string =>
    signature.replace("</ds:Signature>", () => `${object(inner)}</ds:Signature>`);
  const sameId = (evil: string, from: string): string =>
    evil.replace(/ID="[^"]+"/, / ID="[^"]+"/.exec(from)?.[0]?.trim() ?? "");

  const WRAPPINGS: Record<string, Wrapping> = {
    "before it": ({ around, evil, signedAssertion }) => around(evil + signedAssertion),
    "after it": ({ around, evil, signedAssertion }) => around(signedAssertion + evil),
    "around it": ({ around, evilWith, signedAssertion }) => around(evilWith(signedAssertion)),
    "around it, with its signature": ({ around, evilWith, signature, bare }) => around(evilWith(signature + bare)),
    "with its signature, it beside": ({ around, evilWith, signature, bare }) => around(evilWith(signature) + bare),
    "with its signature and it in there": ({ around, evilWith, signature, bare }) =>
      around(evilWith(intoSignature(signature, bare))),
    "with it in extensions": ({ around, evil, signedAssertion }) =>
      around(evil).replace(
        "<samlp:Status>",
        () => `<samlp:Extensions>${signedAssertion}</samlp:Extensions><samlp:Status>`,
      ),
    "with it in advice": ({ around, evil, signedAssertion }) =>
      around(
        evil.replace("</saml:Conditions>", () => `</saml:Conditions><saml:Advice>${signedAssertion}</saml:Advice>`),
      ),
    "of its ID, before it": ({ around, evil, signedAssertion }) =>
      around(sameId(evil, signedAssertion) + signedAssertion),
    "of its ID and with its signature": ({ around, evilWith, signature, bare }) =>
      around(sameId(evilWith(signature), bare)),
    "of its ID, with its signature and it in there": ({ around, evilWith, signature, bare }) =>
      around(sameId(evilWith(intoSignature(signature, bare)), bare)),
    "around it, called otherwise": ({ around, evilWith, signedAssertion }) =>
      around(evilWith(`<x xmlns="urn:x">${signedAssertion}</x>`)),
  };

  test.each(Object.entries(WRAPPINGS))("by an assertion %s", async (_, wrap) => {
    const begun = await begin();
    const xml = sign(answerTo(begun.request, { nameId: "attacker", attributes: { mail: "attacker@staff.example" } }));
    await isRefusedFor(
      await bring(begun, wrap(parts(xml, begun.request))),
      /more than one Assertion|have the same ID|not as it was signed/,
    );
  });

  test.each<[string, (signed: string, evil: string) => string]>([
    [
      "in a response of the attacker's",
      (xml, evil) => evil.replace("<samlp:Status>", () => `<samlp:Extensions>${xml}</samlp:Extensions><samlp:Status>`),
    ],
    [
      "in the signature",
      (xml, evil) => {
        const [signature = ""] = /<ds:Signature[\s\S]*?<\/ds:Signature>/.exec(xml) ?? [];
        const bare = xml.replace(signature, "");
        return evil.replace("</saml:Issuer>", () => `</saml:Issuer>${intoSignature(signature, bare)}`);
      },
    ],
  ])("by a signed response %s", async (_, wrap) => {
    const begun = await begin();
    const said = { nameId: "attacker", attributes: { mail: "attacker@staff.example" } };
    const withoutHead = (xml: string): string => xml.replace(/^<\?.*\?>\s*/, "");
    const xml = withoutHead(sign(answerTo(begun.request, said), "Response"));
    const wrapped = wrap(xml, withoutHead(answerTo(begun.request, owner)));
    await isRefusedFor(await bring(begun, wrapped), /more than one Assertion/);
  });
});

describe("XML that can be read in two ways, or not at all, is refused:", () => {
  const attacker: Said = { nameId: "owner@example.com.attacker.example", format: EMAIL_FORMAT };

  test("a comment, which would cut a name in two", async () => {
    const begun = await begin("plain");
    const xml = sign(answerTo(begun.request, attacker)).replace("com.attacker", "com<!-- -->.attacker");
    await isRefusedFor(await bring(begun, xml), /a comment/);
  });

  test.each<[string, (xml: string) => string, RegExp]>([
    ["a document type", (xml) => xml.replace("?>", "?><!DOCTYPE x>"), /document type/],
    [
      "entities",
      (xml) => xml.replace("?>", '?><!DOCTYPE x [<!ENTITY a "b">]>').replace("owner-1", "&a;"),
      /document type/,
    ],
    ["an entity of nobody's", (xml) => xml.replace("owner-1", "&owner;"), /not well-formed/],
    ["CDATA", (xml) => xml.replace("owner-1", "<![CDATA[owner-1]]>"), /CDATA/],
    ["a processing instruction", (xml) => xml.replace("owner-1", "owner<?x y?>-1"), /processing instruction/],
    ["another encoding", (xml) => xml.replace("UTF-8", "UTF-16"), /processing instruction/],
    [
      "a prefix that is not declared",
      (xml) => xml.replace("<saml:NameID ", "<saml:NameID x:y='z' "),
      /not well-formed|not declared/,
    ],
    ["characters that XML has not", (xml) => xml.replace("owner-1", "owner\u0000-1"), /characters/],
    [
      "such characters by number",
      (xml) => xml.replace("owner-1", "owner&#1;-1"),
      /characters|not well-formed|as it was signed/,
    ],
    ["what is cut off", (xml) => xml.slice(0, -20), /not well-formed/],
    ["more after the end", (xml) => `${xml}<more/>`, /not well-formed/],
    ["no XML", () => "hello", /not well-formed/],
    ["nothing", () => " ", /not well-formed|no element/],
    ["a name with elements in it", (xml) => xml.replace("owner-1", "owner<b/>-1"), /as it was signed/],
    ["what is nested too deeply", (xml) => xml.replace("owner-1", "<b>".repeat(60) + "</b>".repeat(60)), /nested/],
    ["too many elements", (xml) => xml.replace("owner-1", "<b/>".repeat(4_100)), /too many elements/],
    [
      "too many attributes",
      (xml) => xml.replace("owner-1", `<b ${Array.from({ length: 4_100 }, (_, n) => `a${n}=""`).join(" ")}/>`),
      /too many attributes/,
    ],
    [
      "too many prefixes",
      (xml) => {
        const declared = Array.from({ length: 40 }, (_, n) => `xmlns:n${n}="urn:n"`);
        return xml.replace("<saml:NameID ", `<saml:NameID ${declared.join(" ")} `);
      },
      /too many prefixes/,
    ],
    [
      "a namespace that is too long",
      (xml) => xml.replace("<saml:NameID ", `<saml:NameID xmlns:x="${"x".repeat(400)}" x:y="" `),
      /namespace is too long/,
    ],
  ])("%s", async (_, change, reason) => {
    const begun = await begin();
    await isRefusedFor(await bring(begun, change(sign(answerTo(begun.request, owner)))), reason);
  });

  test("what is no text, or no base 64", async () => {
    for (const answer of [Buffer.from([0x3c, 0xff, 0x3e]).toString("base64"), "%%%", "PHg+="]) {
      const { request } = await begin();
      isRefused(
        await post("ours", new URLSearchParams({ SAMLResponse: answer, RelayState: request.relayState }).toString()),
      );
    }
  });

  test("two answers in one form, and a body that is none", async () => {
    const begun = await begin();
    const form = formOf(sign(answerTo(begun.request, owner)), begun.request.relayState);
    isRefused(await post("ours", `${form}&SAMLResponse=eA==`), "unasked");
    isRefused(await post("ours", `${form}&RelayState=${"A".repeat(43)}`), "unasked");
    const json = await core.call("/api/auth/saml/ours/acs", { method: "POST", json: {} });
    expect([json.status, json.json.error.code]).toEqual([415, "unsupported_media_type"]);
  });

  test("more than an answer is long", async () => {
    const long = await post("ours", `RelayState=${"A".repeat(43)}&SAMLResponse=${"A".repeat(SAML_BODY_BYTES_MAX)}`);
    expect([long.status, long.json.error.code]).toEqual([413, "too_large"]);
    const begun = await begin();
    const groups = Array.from({ length: 500 }, (_, n) => `group-${n}`);
    const answer = await bring(
      begun,
      sign(answerTo(begun.request, { ...owner, attributes: { ...owner.attributes, groups } })),
    );
    expect(where(answer)).toBe("/");
  });
});
