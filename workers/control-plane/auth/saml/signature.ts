import { SAML_PREFIXES_MAX } from "../../../../contracts/limits.ts";
import { ProviderFault } from "../provider/identity.ts";
import { DIGESTS, ENVELOPED, NAMESPACES, SIGNINGS } from "./algorithms.ts";
import { base64Of, bytesOf } from "./base64.ts";
import { canonicalOf } from "./canonical.ts";
import { isSignedBy } from "./certificates.ts";
import {
  attributeOf,
  attributesOf,
  childrenNamed,
  childrenOf,
  type Element,
  findChild,
  getChild,
  isNamed,
  parseXml,
  textOf,
  withDescendants,
} from "./xml.ts";

const { assertion: ASSERTION, signature: SIGNATURE, exclusive: EXCLUSIVE } = NAMESPACES;

/**
 * What of a response is signed: the response, else its assertion, parsed anew from the very bytes that the signature is
 * about. Nothing else of the answer may be believed. A signature counts only where it is a child of what it signs, and
 * every one that is there must be good.
 *
 * @throws ProviderFault
 */
export async function signedPartOf(response: Element, certificates: readonly string[]): Promise<Element> {
  const all = [...withDescendants(response)];
  requireDistinctIds(all);
  const assertion = getChild(response, ASSERTION, "Assertion");
  // Another one, wherever it is hidden, is there to be mistaken for this one.
  if (all.filter((element) => isNamed(element, ASSERTION, "Assertion")).length > 1) {
    throw new ProviderFault("there is more than one Assertion");
  }
  const signed = [response, assertion].flatMap((target) => {
    const signature = findChild(target, SIGNATURE, "Signature");
    return signature === null ? [] : [{ target, signature }];
  });
  if (all.filter((element) => isNamed(element, SIGNATURE, "Signature")).length > signed.length) {
    throw new ProviderFault("there is a Signature where none belongs");
  }
  const parts: Element[] = [];
  for (const { target, signature } of signed) parts.push(await verifiedPart(target, signature, certificates));
  const [outermost] = parts;
  if (outermost === undefined) throw new ProviderFault("neither the response nor its assertion is signed");
  return outermost;
}

function requireDistinctIds(elements: readonly Element[]): void {
  const ids = elements.flatMap((element) =>
    attributesOf(element)
      .filter(({ localName }) => localName?.toLowerCase() === "id")
      .map(({ value }) => value),
  );
  if (new Set(ids).size !== ids.length) throw new ProviderFault("two elements have the same ID");
}

/** An element as its own signature has it. */
async function verifiedPart(target: Element, signature: Element, certificates: readonly string[]): Promise<Element> {
  requireOnly(signature, ["SignedInfo", "SignatureValue", "KeyInfo"]);
  const info = getChild(signature, SIGNATURE, "SignedInfo");
  requireOnly(info, ["CanonicalizationMethod", "SignatureMethod", "Reference"]);
  const signing = SIGNINGS.get(algorithmOf(getPlain(info, "SignatureMethod")));
  if (signing === undefined) throw new ProviderFault("the signature is of a kind that is not accepted");
  const method = getChild(info, SIGNATURE, "CanonicalizationMethod");
  const infoText = canonicalOf(info, { inclusive: prefixesOf(method) });
  const value = bytesOf(textOf(getChild(signature, SIGNATURE, "SignatureValue")), "the SignatureValue");
  if (!(await isSignedBy(certificates, signing, value, infoText))) {
    throw new ProviderFault("the signature is not one of the provider's certificates");
  }
  const reference = getChild(info, SIGNATURE, "Reference");
  const inclusive = readReference(reference, target);
  const text = canonicalOf(target, { without: signature, inclusive });
  const digest = DIGESTS.get(algorithmOf(getPlain(reference, "DigestMethod")));
  if (digest === undefined) throw new ProviderFault("the digest is of a kind that is not accepted");
  const given = bytesOf(textOf(getChild(reference, SIGNATURE, "DigestValue")), "the DigestValue");
  const actual = new Uint8Array(await crypto.subtle.digest(digest, new TextEncoder().encode(text)));
  if (base64Of(given) !== base64Of(actual)) {
    throw new ProviderFault(`the ${target.localName} is not as it was signed`);
  }
  const part = parseXml(text);
  // A parser that reads its own words differently the second time must not be believed.
  if (canonicalOf(part, { inclusive }) !== text) throw new ProviderFault("the XML cannot be read in one way only");
  return part;
}

/** The inclusive prefixes of a reference, which must be to the whole element that carries it, and to nothing else. */
function readReference(reference: Element, target: Element): readonly string[] {
  requireOnly(reference, ["Transforms", "DigestMethod", "DigestValue"]);
  const id = attributeOf(target, "ID");
  if (id === null || id === "" || attributeOf(reference, "URI") !== `#${id}`) {
    throw new ProviderFault("the signature is about another element than the one that carries it");
  }
  const transforms = getChild(reference, SIGNATURE, "Transforms");
  requireOnly(transforms, ["Transform"]);
  const [enveloped, exclusive, further] = childrenNamed(transforms, SIGNATURE, "Transform");
  if (enveloped === undefined || exclusive === undefined || further !== undefined) {
    throw new ProviderFault("the signature transforms otherwise than by enveloped signature and exclusive form");
  }
  if (algorithmOf(enveloped) !== ENVELOPED) {
    throw new ProviderFault("the first transform is not that of an enveloped signature");
  }
  return prefixesOf(exclusive);
}

/** The inclusive prefixes of exclusive canonicalisation, which is the only form there is here. */
function prefixesOf(method: Element): readonly string[] {
  if (algorithmOf(method) !== EXCLUSIVE) throw new ProviderFault("the canonical form is not the exclusive one");
  const list = findChild(method, EXCLUSIVE, "InclusiveNamespaces");
  if (childrenOf(method).length > (list === null ? 0 : 1)) throw new ProviderFault("the canonical form is qualified");
  const prefixes = (list === null ? "" : (attributeOf(list, "PrefixList") ?? "")).split(/\s+/).filter(Boolean);
  if (prefixes.length > SAML_PREFIXES_MAX) throw new ProviderFault("the canonical form has too many prefixes");
  return prefixes.map((prefix) => (prefix === "#default" ? "" : prefix));
}

/** A child of which an algorithm is all that is said. */
function getPlain(element: Element, name: string): Element {
  const child = getChild(element, SIGNATURE, name);
  requireOnly(child, []);
  return child;
}

const algorithmOf = (method: Element): string => attributeOf(method, "Algorithm") ?? "";

function requireOnly(element: Element, names: readonly string[]): void {
  const odd = childrenOf(element).find((child) => !names.some((name) => isNamed(child, SIGNATURE, name)));
  if (odd !== undefined) throw new ProviderFault(`${element.localName} has a ${odd.localName}, which is not accepted`);
}
