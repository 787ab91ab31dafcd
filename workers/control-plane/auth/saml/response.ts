import * as z from "zod";

import { SAML_CLOCK_SKEW_S } from "../../../../contracts/limits.ts";
import { type Identity, ProviderFault } from "../provider/identity.ts";
import { NAMESPACES } from "./algorithms.ts";
import type { SamlProvider } from "./providers.ts";
import { signedPartOf } from "./signature.ts";
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  type Element,
  findChild,
  getChild,
  isNamed,
  parseXml,
  textOf,
} from "./xml.ts";

const { assertion: ASSERTION, protocol: PROTOCOL } = NAMESPACES;
const SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const TRANSIENT_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/** All that the specification says `Conditions` may have. Others would have to be understood. */
const CONDITIONS = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
/** SAML's times are in UTC. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** What an answer must be an answer to. */
export interface Expected {
  provider: SamlProvider;
  /** `ID` of the request. */
  requestId: string;
  /** Where answers are to come. */
  acsUrl: string;
  /** Who the answer is to be for: this platform. */
  audience: string;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Who a provider's answer says has signed in, by the rules of SAML 2.0's Web Browser SSO profile (section 4.1.4), and the
 * id of the assertion, which is good once.
 *
 * @throws ProviderFault
 */
export async function readResponse(
  xml: string,
  expected: Expected,
): Promise<{ identity: Identity; assertionId: string }> {
  const sent = parseXml(xml);
  requireResponse(sent, expected);
  const signed = await signedPartOf(sent, expected.provider.certificates);
  const isWhole = isNamed(signed, PROTOCOL, "Response");
  if (isWhole) {
    requireResponse(signed, expected);
    if (attributeOf(signed, "Destination") === null) throw new ProviderFault("the signed Response has no Destination");
  }
  const assertion = isWhole ? getChild(signed, ASSERTION, "Assertion") : signed;
  return { identity: readAssertion(assertion, expected), assertionId: attributeOf(assertion, "ID") ?? "" };
}

/** What is around the assertion. Of a response that is not signed this keeps honest mistakes out, and nothing else. */
function requireResponse(response: Element, { provider, requestId, acsUrl }: Expected): void {
  if (!isNamed(response, PROTOCOL, "Response")) throw new ProviderFault("the answer is no Response");
  requireEqual(attributeOf(response, "Version"), "2.0", "the Version");
  requireEqual(attributeOf(response, "InResponseTo"), requestId, "InResponseTo");
  const destination = attributeOf(response, "Destination");
  if (destination !== null) requireEqual(destination, acsUrl, "the Destination");
  const issuer = findChild(response, ASSERTION, "Issuer");
  if (issuer !== null) requireEqual(textOf(issuer), provider.entityId, "the Issuer of the Response");
  const status = getChild(getChild(response, PROTOCOL, "Status"), PROTOCOL, "StatusCode");
  requireEqual(attributeOf(status, "Value"), SUCCESS, "the status");
  if (childrenNamed(response, ASSERTION, "EncryptedAssertion").length > 0) {
    throw new ProviderFault("the assertion is encrypted: have the provider sign it, and not encrypt it");
  }
}

function readAssertion(assertion: Element, expected: Expected): Identity {
  const { provider, now } = expected;
  requireEqual(attributeOf(assertion, "Version"), "2.0", "the Version");
  requireEqual(textOf(getChild(assertion, ASSERTION, "Issuer")), provider.entityId, "the Issuer");
  const subject = getChild(assertion, ASSERTION, "Subject");
  const confirmations = childrenNamed(subject, ASSERTION, "SubjectConfirmation");
  if (!confirmations.some((confirmation) => isConfirmed(confirmation, expected))) {
    throw new ProviderFault("the Subject is not confirmed for this sign-in, here and now");
  }
  requireConditions(getChild(assertion, ASSERTION, "Conditions"), expected);
  const statements = childrenNamed(assertion, ASSERTION, "AuthnStatement");
  if (statements.length === 0) throw new ProviderFault("there is no AuthnStatement, so that nobody has signed in");
  for (const statement of statements) requireNotOver(statement, "SessionNotOnOrAfter", now);
  return identityOf(assertion, getChild(subject, ASSERTION, "NameID"), provider);
}

/** Whether somebody who bears the assertion is its subject: here, now, and for this request. */
function isConfirmed(confirmation: Element, { requestId, acsUrl, now }: Expected): boolean {
  if (attributeOf(confirmation, "Method") !== BEARER) return false;
  const data = findChild(confirmation, ASSERTION, "SubjectConfirmationData");
  if (data === null || attributeOf(data, "NotOnOrAfter") === null) return false;
  if (attributeOf(data, "Recipient") !== acsUrl || attributeOf(data, "InResponseTo") !== requestId) return false;
  return isBegun(data, "NotBefore", now) && !isOver(data, "NotOnOrAfter", now);
}

function requireConditions(conditions: Element, { audience, now }: Expected): void {
  if (!isBegun(conditions, "NotBefore", now)) throw new ProviderFault("the assertion is not good yet");
  requireNotOver(conditions, "NotOnOrAfter", now);
  const odd = childrenOf(conditions).find((child) => !CONDITIONS.some((name) => isNamed(child, ASSERTION, name)));
  if (odd !== undefined) throw new ProviderFault(`the condition ${odd.localName} is not known`);
  const restrictions = childrenNamed(conditions, ASSERTION, "AudienceRestriction");
  // Each must hold.
  const isFor = (restriction: Element): boolean =>
    childrenNamed(restriction, ASSERTION, "Audience").some((each) => textOf(each) === audience);
  if (restrictions.length === 0 || !restrictions.every(isFor)) {
    throw new ProviderFault("the assertion is for another audience");
  }
}

function identityOf(assertion: Element, nameId: Element, { attributes, domains }: SamlProvider): Identity {
  const format = attributeOf(nameId, "Format");
  const subject = attributes.subject === undefined ? textOf(nameId) : findValue(assertion, attributes.subject);
  if (attributes.subject === undefined && format === TRANSIENT_FORMAT) {
    throw new ProviderFault("the NameID is transient, so that nobody is known again: configure attributes.subject");
  }
  if (subject === null || subject === "" || subject.length > 255) {
    throw new ProviderFault("the subject has no name of 1 to 255 characters");
  }
  const byFormat = format === EMAIL_FORMAT ? textOf(nameId) : null;
  const email = addressOf(attributes.email === undefined ? byFormat : findValue(assertion, attributes.email));
  const isVouchedFor = email !== null && domains.includes(email.slice(email.lastIndexOf("@") + 1));
  const name = attributes.name === undefined ? null : findValue(assertion, attributes.name);
  return { subject, email: isVouchedFor ? email : null, name };
}

/** The value of an attribute; null where there is none, or more than one, of which none is the right one. */
function findValue(assertion: Element, name: string): string | null {
  const values = childrenNamed(assertion, ASSERTION, "AttributeStatement")
    .flatMap((statement) => childrenNamed(statement, ASSERTION, "Attribute"))
    .filter((attribute) => attributeOf(attribute, "Name") === name)
    .flatMap((attribute) => childrenNamed(attribute, ASSERTION, "AttributeValue"));
  const [value, another] = values;
  return value === undefined || another !== undefined ? null : textOf(value);
}

const addressSchema = z.email().max(254).toLowerCase();
const addressOf = (text: string | null): string | null => addressSchema.safeParse(text).data ?? null;

function requireEqual(actual: string | null, wanted: string, what: string): void {
  if (actual !== wanted)
    throw new ProviderFault(`${what} is ${JSON.stringify(actual)} and not ${JSON.stringify(wanted)}`);
}

function requireNotOver(element: Element, attribute: string, now: number): void {
  if (isOver(element, attribute, now)) throw new ProviderFault(`${attribute} of ${element.localName} is over`);
}

const isBegun = (element: Element, attribute: string, now: number): boolean =>
  (timeOf(element, attribute) ?? 0) <= now + SAML_CLOCK_SKEW_S * 1_000;

const isOver = (element: Element, attribute: string, now: number): boolean =>
  (timeOf(element, attribute) ?? Infinity) <= now - SAML_CLOCK_SKEW_S * 1_000;

/** A time in an attribute, in epoch milliseconds; null where there is none. */
function timeOf(element: Element, attribute: string): number | null {
  const text = attributeOf(element, attribute);
  if (text === null) return null;
  const at = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new ProviderFault(`${attribute} is no time in UTC`);
  return at;
}
