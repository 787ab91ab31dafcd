import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { makeSigner } from "../api/support/certificate.ts";
import { answerTo, ENTITY_ID, readRequest, signed } from "../api/support/saml-provider.ts";
import type { Page } from "./page.ts";
import { hasBrowser, OWNER, openSite, setUp, signOut, type Site } from "./support.ts";

const signer = makeSigner();

/** A provider at which the owner is signed in already: its page posts the answer at once. It is another site than ours. */
async function startProvider(): Promise<Server> {
  const server = createServer((request, response) => {
    const asked = readRequest(`http://provider${request.url}`);
    const xml = signed(answerTo(asked, { nameId: "1", attributes: { mail: OWNER.email } }), "Assertion", signer);
    const answer = Buffer.from(xml).toString("base64");
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><title>Provider</title><form method="post" action="${asked.acsUrl}">
      <input type="hidden" name="SAMLResponse" value="${answer}">
      <input type="hidden" name="RelayState" value="${asked.relayState}">
    </form><script>document.forms[0].submit()</script>`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

describe.runIf(hasBrowser())("a SAML provider in a real browser", () => {
  let provider: Server;
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    provider = await startProvider();
    const configured = {
      id: "ours",
      name: "Our directory",
      entityId: ENTITY_ID,
      signOnUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/sign-on`,
      certificates: [signer.certificate],
      attributes: { email: "mail" },
      domains: ["example.com"],
    };
    site = await openSite({ SAML_PROVIDERS: JSON.stringify([configured]) });
    page = await site.open();
    await setUp(page);
    await signOut(page);
  });
  afterAll(async () => {
    await site?.close();
    provider?.close();
  });

  test("signs in with one click, and leads to the page that was asked for", async () => {
    await page.goto("/sign-in?to=%2Faccount");
    await page.click("Sign in with Our directory");
    await page.arrive("/account");
    await page.see(OWNER.email);
    expect(page.problems).toEqual([]);
  });

  test("signs nobody in whose browser did not begin", async () => {
    const begun = await site.core.call("/api/auth/saml/ours", {
      headers: { origin: new URL(await page.evaluate<string>("location.href")).origin },
      json: {},
    });
    const other = await site.open();
    await other.goto("/sign-in");
    await other.evaluate(`(location.href = ${JSON.stringify(begun.json.url)}, true)`);
    await other.see("The provider did not sign you in.");
  });
});
