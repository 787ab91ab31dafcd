import { createSign, createVerify, randomUUID } from "node:crypto";
import { inflateRawSync } from "node:zlib";

import { SignedXml } from "xml-crypto";

import type { Signer } from "./certificate.ts";

export const ENTITY_ID = "https://id.staff.example/saml";
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";
export const EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const PERSISTENT_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/** What a browser brings to a provider. */
export interface SamlRequest {
  xml: string;
  id: string;
  acsUrl: string;
  issuer: string;
  relayState: string;
}

/** Reads a request to sign in as a provider does (SAML bindings, 3.4.4.1). */
export function readRequest(url: string): SamlRequest {
  const { searchParams } = new URL(url);
  const xml = inflateRawSync(Buffer.from(searchParams.get("SAMLRequest") ?? "", "base64")).toString();
  const first = (pattern: RegExp): string => pattern.exec(xml)?.[1] ?? "";
  return {
    xml,
    id: first(/ ID="([^"]+)"/),
    acsUrl: first(/AssertionConsumerServiceURL="([^"]+)"/),
    issuer: first(/<saml:Issuer>([^<]+)</),
    relayState: searchParams.get("RelayState") ?? "",
  };
}

/** What a provider says; what is not given is as it should be. */
export interface Said {
  nameId?: string;
  format?: string;
  attributes?: Record<string, string | readonly string[]>;
  assertionId?: string;
  responseId?: string;
  issuer?: string;
  responseIssuer?: string;
  status?: string;
  audience?: string;
  recipient?: string;
  destination?: string | null;
  inResponseTo?: string;
  confirmedInResponseTo?: string;
  /** Seconds from now. */
  notBefore?: number;
  notOnOrAfter?: number;
  confirmedUntil?: number;
  method?: string;
  /** XML that stands in `Conditions` besides. */
  conditions?: string;
  statement?: string;
}

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** An answer to a request, not signed. */
export function answerTo(request: SamlRequest, said: Said = {}): string {
  const issuer = said.issuer ?? ENTITY_ID;
  const inResponseTo = said.inResponseTo ?? request.id;
  const destination = said.destination === null ? "" : ` Destination="${said.destination ?? request.acsUrl}"`;
  const attributes = Object.entries(said.attributes ?? {}).map(([name, given]) => {
    const values = [given]
      .flat()
      .map(
        (value) =>
          `<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">${escape(value)}</saml:AttributeValue>`,
      );
    return `<saml:Attribute Name="${escape(name)}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">${values.join("")}</saml:Attribute>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${said.responseId ?? `_${randomUUID()}`}" Version="2.0" IssueInstant="${inSeconds(0)}"${destination} InResponseTo="${inResponseTo}">
  <saml:Issuer>${said.responseIssuer ?? issuer}</saml:Issuer>
  <samlp:Status><samlp:StatusCode Value="${said.status ?? "urn:oasis:names:tc:SAML:2.0:status:Success"}"/></samlp:Status>
  <saml:Assertion ID="${said.assertionId ?? `_${randomUUID()}`}" Version="2.0" IssueInstant="${inSeconds(0)}">
    <saml:Issuer>${issuer}</saml:Issuer>
    <saml:Subject>
      <saml:NameID Format="${said.format ?? PERSISTENT_FORMAT}">${escape(said.nameId ?? "person-1")}</saml:NameID>
      <saml:SubjectConfirmation Method="${said.method ?? "urn:oasis:names:tc:SAML:2.0:cm:bearer"}">
        <saml:SubjectConfirmationData InResponseTo="${said.confirmedInResponseTo ?? inResponseTo}" NotOnOrAfter="${inSeconds(said.confirmedUntil ?? 300)}" Recipient="${said.recipient ?? request.acsUrl}"/>
      </saml:SubjectConfirmation>
    </saml:Subject>
    <saml:Conditions NotBefore="${inSeconds(said.notBefore ?? -5)}" NotOnOrAfter="${inSeconds(said.notOnOrAfter ?? 300)}">
      <saml:AudienceRestriction><saml:Audience>${said.audience ?? request.issuer}</saml:Audience></saml:AudienceRestriction>${said.conditions ?? ""}
    </saml:Conditions>
    ${said.statement ?? `<saml:AuthnStatement AuthnInstant="${inSeconds(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`}
    ${attributes.length === 0 ? "" : `<saml:AttributeStatement>${attributes.join("")}</saml:AttributeStatement>`}
  </saml:Assertion>
</samlp:Response>`;
}

export type Part = "Response" | "Assertion";

export interface How {
  algorithm?: string;
  digest?: string;
  canonical?: string;
  transforms?: readonly string[];
  prefixes?: readonly string[];
  /** What to refer to besides, or instead: the whole document. */
  whole?: "besides" | "instead";
  /** Sign with HMAC, and with this as the key that both know. */
  mac?: string;
}

const pathOf = (part: Part): string => `//*[local-name(.)='${part}']`;

/** The same with a signature of one of its parts, in the place where the schema has it. */
export function signed(xml: string, part: Part, { privateKey, certificate }: Signer, how: How = {}): string {
  const signing = new SignedXml({
    privateKey: how.mac ?? privateKey.export({ type: "pkcs8", format: "pem" }),
    publicCert: certificate,
    signatureAlgorithm: how.algorithm ?? RSA_SHA256,
    canonicalizationAlgorithm: how.canonical ?? EXCLUSIVE,
    inclusiveNamespacesPrefixList: [...(how.prefixes ?? [])],
  });
  signing.SignatureAlgorithms[ECDSA_SHA256] = EcdsaSha256;
  if (how.mac !== undefined) signing.enableHMAC();
  const reference = {
    xpath: pathOf(part),
    digestAlgorithm: how.digest ?? SHA256,
    transforms: [...(how.transforms ?? [ENVELOPED, EXCLUSIVE])],
    inclusiveNamespacesPrefixList: [...(how.prefixes ?? [])],
  };
  if (how.whole !== "instead") signing.addReference(reference);
  if (how.whole !== undefined) signing.addReference({ ...reference, xpath: "/*", isEmptyUri: true });
  const issuer = `${pathOf(part)}/*[local-name(.)='Issuer']`;
  signing.computeSignature(xml, { prefix: "ds", location: { reference: issuer, action: "after" } });
  return signing.getSignedXml();
}

/** XML signatures have ECDSA's two numbers side by side (RFC 4050). */
class EcdsaSha256 {
  getAlgorithmName = (): string => ECDSA_SHA256;
  getSignature = (text: string | Buffer, key: string | Buffer): string =>
    createSign("sha256").update(text).sign({ key, dsaEncoding: "ieee-p1363" }, "base64");
  verifySignature = (text: string, key: string | Buffer, signature: string): boolean =>
    createVerify("sha256").update(text).verify({ key, dsaEncoding: "ieee-p1363" }, signature, "base64");
}

/** What a provider's page posts. */
export const formOf = (xml: string, relayState: string): string =>
  new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString("base64"), RelayState: relayState }).toString();
