import { DOMParser, type Document, type Element, type Node, onWarningStopParsing } from "@xmldom/xmldom";

import {
  SAML_ATTRIBUTES_MAX,
  SAML_DEPTH_MAX,
  SAML_ELEMENTS_MAX,
  SAML_NAMESPACE_LENGTH_MAX,
  SAML_PREFIXES_MAX,
} from "../../../../contracts/limits.ts";
import { ProviderFault } from "../provider/identity.ts";

export type { Element };

const ELEMENT_NODE = 1;
const TEXT_NODE = 3;
const XMLNS = "http://www.w3.org/2000/xmlns/";

/** What may stand before the root: nothing, or that this is XML 1.0 in UTF-8. */
const DECLARATION =
  /^\s*<\?xml\s+version=(?:"1\.0"|'1\.0')(?:\s+encoding=["']utf-8["'])?(?:\s+standalone=["'](?:yes|no)["'])?\s*\?>/i;
/** Characters that XML 1.0 has not (section 2.2). */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

const parser = new DOMParser({
  onError: onWarningStopParsing,
  locator: false,
  // By XML 1.0; the parser's own way is that of 1.1.
  normalizeLineEndings: (text) => text.replace(/\r\n?/g, "\n"),
});

/**
 * Parses XML of which nothing may be left to interpretation: no document type and so no entities, no comments, no CDATA,
 * no processing instructions, every prefix declared, and within the bounds of {@link SAML_ELEMENTS_MAX} and the like.
 *
 * @throws ProviderFault
 */
export function parseXml(text: string): Element {
  const content = text.replace(DECLARATION, "");
  if (content.includes("<!")) throw new ProviderFault("the XML has a document type, a comment or CDATA");
  if (content.includes("<?")) throw new ProviderFault("the XML has a processing instruction");
  if (NOT_XML.test(content)) throw new ProviderFault("the XML has characters that XML has not");
  // Before the parser, which has no bounds of its own, and takes time by the square of each of these.
  if (count(content, /<[^/]/g) > SAML_ELEMENTS_MAX) throw new ProviderFault("the XML has too many elements");
  if (count(content, /=\s*["']/g) > SAML_ATTRIBUTES_MAX) throw new ProviderFault("the XML has too many attributes");
  const prefixes = new Set(content.match(/xmlns:[^\s=]+/g));
  if (prefixes.size > SAML_PREFIXES_MAX) throw new ProviderFault("the XML has too many prefixes");
  const root = parsed(content).documentElement;
  if (root === null) throw new ProviderFault("the XML has no element");
  requireNamespaces(root, 1);
  return root;
}

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;

function parsed(text: string): Document {
  try {
    return parser.parseFromString(text, "text/xml");
  } catch (error) {
    throw new ProviderFault("the XML is not well-formed", { cause: error });
  }
}

function requireNamespaces(element: Element, depth: number): void {
  if (depth > SAML_DEPTH_MAX) throw new ProviderFault("the XML is nested too deeply");
  for (const { prefix, namespaceURI } of [element, ...attributesOf(element)]) {
    if (prefix && !namespaceURI) throw new ProviderFault("the XML has a prefix that is not declared");
    // The canonical form repeats it with each element that uses it anew.
    if ((namespaceURI ?? "").length > SAML_NAMESPACE_LENGTH_MAX) throw new ProviderFault("a namespace is too long");
  }
  for (const child of nodesOf(element)) {
    if (isElement(child)) requireNamespaces(child, depth + 1);
    else if (child.nodeType !== TEXT_NODE) throw new ProviderFault("the XML has more than elements and text");
  }
}

/** The children of an element: elements and text. */
export const nodesOf = (element: Element): Node[] => Array.from(element.childNodes);

export const isElement = (node: Node): node is Element => node.nodeType === ELEMENT_NODE;

/** Its attributes, those among them that declare namespaces included. */
export const attributesOf = (element: Element) => Array.from(element.attributes);

/** Whether an attribute declares a namespace. */
export const declaresNamespace = ({ namespaceURI }: { namespaceURI: string | null }): boolean => namespaceURI === XMLNS;

/** The children that are elements. */
export const childrenOf = (element: Element): Element[] => nodesOf(element).filter(isElement);

/** An element with all that is in it. */
export function* withDescendants(element: Element): Generator<Element> {
  yield element;
  for (const child of childrenOf(element)) yield* withDescendants(child);
}

/** Whether an element is the one that a vocabulary calls so. */
export const isNamed = (element: Element, namespace: string, name: string): boolean =>
  element.namespaceURI === namespace && element.localName === name;

/** The children of a name. */
export const childrenNamed = (element: Element, namespace: string, name: string): Element[] =>
  childrenOf(element).filter((child) => isNamed(child, namespace, name));

/** The child of a name, of which there may be one; null where there is none. Throws `ProviderFault`. */
export function findChild(element: Element, namespace: string, name: string): Element | null {
  const [found, another] = childrenNamed(element, namespace, name);
  if (another !== undefined) throw new ProviderFault(`there is more than one ${name}`);
  return found ?? null;
}

/** The child of a name, of which there must be one. Throws `ProviderFault`. */
export function getChild(element: Element, namespace: string, name: string): Element {
  const found = findChild(element, namespace, name);
  if (found === null) throw new ProviderFault(`there is no ${name}`);
  return found;
}

/** The text of an element that has nothing else, without white space around it. Throws `ProviderFault`. */
export function textOf(element: Element): string {
  if (childrenOf(element).length > 0) throw new ProviderFault(`${element.localName} has more than text`);
  return nodesOf(element)
    .map(({ nodeValue }) => nodeValue ?? "")
    .join("")
    .trim();
}

/** The value of an attribute without a namespace; null where there is none. */
export const attributeOf = (element: Element, name: string): string | null =>
  attributesOf(element).find(({ localName, namespaceURI }) => localName === name && !namespaceURI)?.value ?? null;
