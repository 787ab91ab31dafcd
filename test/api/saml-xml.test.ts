import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExclusiveCanonicalization } from "xml-crypto";
import { DOMParser } from "@xmldom/xmldom";

import { canonicalOf } from "../../workers/control-plane/auth/saml/canonical.ts";
import { ProviderFault } from "../../workers/control-plane/auth/provider/identity.ts";
import { readResponse } from "../../workers/control-plane/auth/saml/response.ts";
import { signedPartOf } from "../../workers/control-plane/auth/saml/signature.ts";
import { parseXml, withDescendants } from "../../workers/control-plane/auth/saml/xml.ts";
import { makeSigner } from "./support/certificate.ts";
import { answerTo, ENTITY_ID, type SamlRequest, signed } from "./support/saml-provider.ts";

describe("the canonical form", () => {
  const prefix = fc.constantFrom("", "a", "b", "c");
  const uri = fc.constantFrom("urn:a", "urn:b", "urn:c");
  const text = fc.string({
    unit: fc.constantFrom("x", "<", ">", "&", '"', "'", "\n", "\t", " ", "é", "😀"),
    maxLength: 6,
  });
  interface Made {
    prefix: string;
    name: string;
    declared: [string, string][];
    attributes: [string, string, string][];
    children: (Made | string)[];
  }
  const { element } = fc.letrec<{ element: Made }>((tie) => ({
    element: fc.record({
      prefix,
      name: fc.constantFrom("p", "q", "r"),
      declared: fc.uniqueArray(fc.tuple(prefix, uri), { selector: ([name]) => name, maxLength: 2 }),
      attributes: fc.uniqueArray(fc.tuple(prefix, fc.constantFrom("k", "l", "m"), text), {
        selector: ([, name]) => name,
        maxLength: 3,
      }),
      children: fc.array(fc.oneof({ maxDepth: 4 }, text, tie("element")), { maxLength: 3 }),
    }),
  }));
  const escaped = (value: string): string =>
    value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
  const inValue = (value: string): string => escaped(value).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
  const named = (before: string, name: string): string => (before === "" ? name : `${before}:${name}`);
  const written = ({ prefix, name, declared, attributes, children }: Made): string => {
    const tag = named(prefix, name);
    const namespaces = declared.map(([at, to]) => ` ${at === "" ? "xmlns" : `xmlns:${at}`}="${to}"`);
    const values = attributes.map(([at, key, value]) => ` ${named(at, key)}="${inValue(value)}"`);
    const inner = children.map((child) => (typeof child === "string" ? escaped(child) : written(child)));
    return `<${tag}${namespaces.join("")}${values.join("")}>${inner.join("")}</${tag}>`;
  };

  test("is what another implementation makes of the same documents", () => {
    const theirs = new ExclusiveCanonicalization();
    fc.assert(
      fc.property(element, fc.subarray(["a", "b"]), (made, wanted) => {
        // Theirs takes what is declared around an element for what is declared on it.
        const inclusive = wanted.filter((name) => made.declared.every(([declared]) => declared !== name));
        const xml = `<o xmlns="urn:o" xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="urn:c">${written(made)}</o>`;
        const [apex] = new DOMParser().parseFromString(xml, "text/xml").documentElement?.children ?? [];
        const ancestorNamespaces = [
          ["a", "urn:a"],
          ["b", "urn:b"],
          ["c", "urn:c"],
          ["", "urn:o"],
        ].map(([prefix = "", namespaceURI = ""]) => ({ prefix, namespaceURI }));
        const options = { inclusiveNamespacesPrefixList: inclusive, ancestorNamespaces };
        const [own] = Array.from(parseXml(xml).childNodes);
        expect(canonicalOf(own as never, { inclusive })).toBe(theirs.process(apex as never, options as never));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a signed answer", () => {
  const signer = makeSigner();
  const acsUrl = "https://app.example.com/api/auth/saml/ours/acs";
  const audience = "https://app.example.com/api/auth/saml/ours/metadata";
  const request: SamlRequest = { xml: "", id: "_request", acsUrl, issuer: audience, relayState: "" };
  const provider = {
    id: "ours",
    name: "Ours",
    entityId: ENTITY_ID,
    signOnUrl: "https://id.staff.example/",
    certificates: [signer.certificate],
    attributes: { email: "mail", name: "displayName" },
    domains: ["staff.example"],
    newAccounts: true,
  };
  const read = (xml: string) =>
    readResponse(xml, { provider, requestId: request.id, acsUrl, audience, now: Date.now() });
  const answers = (["Assertion", "Response"] as const).map((part) =>
    signed(answerTo(request, { attributes: { mail: "ada@staff.example", displayName: "Ada" } }), part, signer),
  );

  test.each(answers)("says who has signed in", async (xml) => {
    const { identity } = await read(xml);
    expect(identity).toEqual({ subject: "person-1", email: "ada@staff.example", name: "Ada" });
  });

  test("is read from what was signed, and from nothing around it", async () => {
    for (const xml of answers) {
      const part = await signedPartOf(parseXml(xml), provider.certificates);
      const names = [...withDescendants(part)].map(({ localName }) => localName);
      expect([part.parentNode?.nodeType, names.includes("Signature")]).toEqual([9, false]);
    }
  });

  test(
    "says nothing else however it is changed, and fails in no other way than it should",
    { timeout: 120_000 },
    async () => {
      const [first = ""] = answers;
      const pieces = first.match(/<[^>]+>|[^<]+/g) ?? [];
      const piece = fc.oneof(
        fc.constantFrom(
          ...pieces,
          "<!---->",
          "<![CDATA[x]]>",
          "&#65;",
          "&amp;",
          "<x>",
          "</x>",
          "\u0000",
          "\u2028",
          " ",
        ),
        fc.string({ maxLength: 5 }),
      );
      const change = fc.tuple(fc.nat(), fc.constantFrom("insert", "remove", "replace", "move"), piece, fc.nat());
      const changed = fc.tuple(fc.constantFrom(...answers), fc.array(change, { minLength: 1, maxLength: 4 }));
      await fc.assert(
        fc.asyncProperty(changed, async ([xml, changes]) => {
          const parts = xml.match(/<[^>]+>|[^<]+/g) ?? [];
          for (const [where, what, given, to] of changes) {
            const at = where % parts.length;
            if (what === "insert") parts.splice(at, 0, given);
            if (what === "remove") parts.splice(at, 1);
            if (what === "replace") parts[at] = given;
            if (what === "move") parts.splice(to % parts.length, 0, ...parts.splice(at, 1 + (to % 20)));
          }
          try {
            const { identity } = await read(parts.join(""));
            expect(identity).toEqual({ subject: "person-1", email: "ada@staff.example", name: "Ada" });
          } catch (error) {
            if (!(error instanceof ProviderFault)) throw error;
          }
        }),
        { numRuns: 2_000 },
      );
    },
  );
});
