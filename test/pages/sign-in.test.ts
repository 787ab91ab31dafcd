import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Page } from "./page.ts";
import { hasBrowser, OWNER, openSite, setUp, signIn, signOut, type Site } from "./support.ts";

describe.runIf(hasBrowser())("signing in, in a browser", () => {
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    site = await openSite();
    page = await site.open();
  });
  afterAll(() => site?.close());

  test("the owner sets the platform up, signs out, and signs in again", async () => {
    await setUp(page);
    await page.see(OWNER.email);
    await page.picture("home");
    await signOut(page);
    await page.picture("welcome");
    await page.click("Sign in");
    await page.arrive("/sign-in");
    await page.picture("sign-in");
    await signIn(page, OWNER);
    await page.arrive("/");
    await page.see(OWNER.email);
    expect(page.problems).toEqual([]);
  });

  test("a wrong password is told in place, and the right one works after it", async () => {
    await signOut(page);
    await signIn(page, { ...OWNER, password: "not the password" });
    await page.see("The e-mail address or the password is wrong.");
    await page.picture("sign-in-wrong");
    await page.fill("Password", OWNER.password);
    await page.click("Sign in");
    await page.arrive("/");
    expect(page.problems).toEqual([]);
  });
});
