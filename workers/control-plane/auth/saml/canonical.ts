import { attributesOf, declaresNamespace, type Element, isElement, nodesOf } from "./xml.ts";

/** Namespaces by prefix; the default one is that of the empty prefix. */
type Namespaces = ReadonlyMap<string, string>;

interface Form {
  /** An element that is left out: the signature that an element carries of itself. */
  without: Element | null;
  /** Prefixes whose namespaces are written wherever they hold, used or not; the empty one for the default. */
  inclusive: ReadonlySet<string>;
}

/**
 * The bytes of an element that a signature is about, as text: Exclusive XML Canonicalization 1.0 without comments
 * (https://www.w3.org/TR/xml-exc-c14n/), of elements, attributes and text, which is all that {@link parseXml} lets be.
 */
export function canonicalOf(
  element: Element,
  { without = null, inclusive = [] }: { without?: Element | null; inclusive?: readonly string[] } = {},
): string {
  return written(element, scopeAround(element), new Map(), { without, inclusive: new Set(inclusive) });
}

/** What the ancestors of an element declare. */
function scopeAround(element: Element): Namespaces {
  const parent = element.parentNode;
  return parent !== null && isElement(parent) ? scopeIn(parent, scopeAround(parent)) : new Map();
}

function scopeIn(element: Element, around: Namespaces): Namespaces {
  const declared = attributesOf(element).filter(declaresNamespace);
  if (declared.length === 0) return around;
  return new Map([
    ...around,
    ...declared.map(({ prefix, localName, value }) => [prefix ? (localName ?? "") : "", value] as const),
  ]);
}

/** `rendered` is what the elements around have said of namespaces in the form itself. */
function written(element: Element, around: Namespaces, rendered: Namespaces, form: Form): string {
  const scope = scopeIn(element, around);
  const attributes = attributesOf(element).filter((attribute) => !declaresNamespace(attribute));
  const used = [element, ...attributes.filter(({ prefix }) => prefix)].map(({ prefix }) => prefix ?? "");
  const held = [...form.inclusive].filter((prefix) => scope.has(prefix) || rendered.has(prefix));
  const prefixes = [...new Set([...used, ...held])].filter((prefix) => prefix !== "xml").sort(byText);
  const said = new Map(rendered);
  let text = `<${element.tagName}`;
  for (const prefix of prefixes) {
    const namespace = scope.get(prefix) ?? "";
    if ((rendered.get(prefix) ?? "") === namespace) continue;
    said.set(prefix, namespace);
    text += ` xmlns${prefix === "" ? "" : `:${prefix}`}="${escapeAttribute(namespace)}"`;
  }
  const sorted = attributes.sort(
    (a, b) => byText(a.namespaceURI ?? "", b.namespaceURI ?? "") || byText(a.localName ?? "", b.localName ?? ""),
  );
  for (const { name, value } of sorted) text += ` ${name}="${escapeAttribute(value)}"`;
  text += ">";
  for (const child of nodesOf(element)) {
    if (child === form.without) continue;
    text += isElement(child) ? written(child, scope, said, form) : escapeText(child.nodeValue ?? "");
  }
  return `${text}</${element.tagName}>`;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};
const referenceFor = (character: string): string => REFERENCES[character] ?? character;

/** Text as it stands in canonical XML. */
const escapeText = (text: string): string => text.replace(/[&<>\r]/g, referenceFor);

/** The value of an attribute as it stands in canonical XML, between double quotes. */
export const escapeAttribute = (value: string): string => value.replace(/[&<"\t\n\r]/g, referenceFor);
