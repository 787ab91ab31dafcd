import { describe, expect, test } from "vitest";

import { canonicalOf } from "./canonical.ts";
import { parseXml, withDescendants } from "./xml.ts";

/** The canonical form of an element of a document, by its name. */
function formOf(xml: string, name: string, inclusive: readonly string[] = []): string {
  const found = [...withDescendants(parseXml(xml))].find(({ tagName }) => tagName === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return canonicalOf(found, { inclusive });
}

/** Those of the specification, https://www.w3.org/TR/xml-exc-c14n/#sec-Envelope and the section after it. */
describe("the examples of Exclusive XML Canonicalization:", () => {
  test("an element is the same on its own and in an envelope", () => {
    const bare = '<n1:elem1 xmlns:n1="http://b.example">\n  content\n</n1:elem1>';
    expect(formOf(bare, "n1:elem1")).toBe(bare);
    expect(formOf(`<n0:pdu xmlns:n0="http://a.example">${bare}</n0:pdu>`, "n1:elem1")).toBe(bare);
  });

  test.each([
    `<n0:local xmlns:n0="http://foobar.org" xmlns:n3="ftp://example.org">
    <n1:elem2 xmlns:n1="http://example.net" xml:lang="en">
        <n3:stuff xmlns:n3="ftp://example.org"/>
    </n1:elem2>
</n0:local>`,
    `<n2:pdu xmlns:n1="http://example.com" xmlns:n2="http://foo.example" xml:lang="fr" xml:space="retain">
    <n1:elem2 xmlns:n1="http://example.net" xml:lang="en">
        <n3:stuff xmlns:n3="ftp://example.org"/>
    </n1:elem2>
</n2:pdu>`,
  ])("it takes nothing along from what is around it: %#", (xml) => {
    expect(formOf(xml, "n1:elem2")).toBe(`<n1:elem2 xmlns:n1="http://example.net" xml:lang="en">
        <n3:stuff xmlns:n3="ftp://example.org"></n3:stuff>
    </n1:elem2>`);
  });
});

describe("the canonical form", () => {
  test("sorts namespaces by prefix, and attributes by namespace and name", () => {
    const xml = `<e5 xmlns="http://example.org" xmlns:b="http://www.ietf.org" xmlns:a="http://www.w3.org" attr2="all" b:attr="sorted" a:attr="out" attr="I'm"/>`;
    expect(formOf(xml, "e5")).toBe(
      `<e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5>`,
    );
  });

  test("says of a namespace where it is used, and not again inside of that", () => {
    const xml = `<a:r xmlns:a="urn:a" xmlns:b="urn:b"><a:x><b:y b:z=""/></a:x><b:y/></a:r>`;
    expect(formOf(xml, "a:r")).toBe(
      `<a:r xmlns:a="urn:a"><a:x><b:y xmlns:b="urn:b" b:z=""></b:y></a:x><b:y xmlns:b="urn:b"></b:y></a:r>`,
    );
  });

  test("takes a default namespace back", () => {
    expect(formOf(`<r xmlns="urn:a"><x xmlns=""><y/></x></r>`, "r")).toBe(
      `<r xmlns="urn:a"><x xmlns=""><y></y></x></r>`,
    );
    expect(formOf(`<r xmlns="urn:a"><x xmlns=""><y/></x></r>`, "x")).toBe(`<x><y></y></x>`);
  });

  test("says of inclusive prefixes wherever they hold", () => {
    const xml = `<a:r xmlns:a="urn:a" xmlns:b="urn:b" xmlns="urn:d"><a:x><a:y xmlns:b="urn:c"/></a:x></a:r>`;
    expect(formOf(xml, "a:x", ["b", "nowhere"])).toBe(
      `<a:x xmlns:a="urn:a" xmlns:b="urn:b"><a:y xmlns:b="urn:c"></a:y></a:x>`,
    );
    expect(formOf(xml, "a:x", [""])).toBe(`<a:x xmlns="urn:d" xmlns:a="urn:a"><a:y></a:y></a:x>`);
  });

  test("writes what must be escaped in one way", () => {
    const xml = `<r a="&lt;&gt;&amp;&quot;'&#9;&#10;&#13;&#x263A;">&lt;&gt;&amp;"'&#9;&#13;\r\n\r☺</r>`;
    expect(formOf(xml, "r")).toBe(`<r a="&lt;>&amp;&quot;'&#x9;&#xA;&#xD;☺">&lt;&gt;&amp;"'\t&#xD;\n\n☺</r>`);
  });

  test("leaves out the element that is to be left out, and nothing else", () => {
    const root = parseXml(`<r> <s/> <s/></r>`);
    const [, first = null] = withDescendants(root);
    expect(canonicalOf(root, { without: first })).toBe(`<r>  <s></s></r>`);
  });
});
