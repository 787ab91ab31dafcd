import { createHmac } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Page } from "./page.ts";
import { hasBrowser, OWNER, openSite, setUp, signIn, signOut, type Site } from "./support.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_MS = 30_000;

/** The code that an authenticator shows at a moment (RFC 6238, with the secret in base 32 of RFC 4648). */
function codeOf(secret: string, at: number): string {
  const bits = Array.from(secret.replaceAll(" ", ""))
    .map((char) => ALPHABET.indexOf(char).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const value = hash.readUInt32BE((hash.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(value % 1_000_000).padStart(6, "0");
}

describe.runIf(hasBrowser())("signing in, and one's account", () => {
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

  test("what a page may not do is blocked, and these tests would notice", async () => {
    const other = await site.open();
    await other.goto("/sign-in");
    await other.evaluate(`{
      document.head.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'Taken over'" }));
      document.body.insertAdjacentHTML("beforeend", "<button onclick='document.title = \\"Taken over\\"'>Trap</button>");
      return true;
    }`);
    await other.click("Trap");
    await expect
      .poll(() => other.problems.filter((problem) => problem.startsWith("blocked")).length)
      .toBeGreaterThan(1);
    expect(await other.evaluate<string>("document.title")).toBe("Sign in · Isola");
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

  test("makes a passkey, names it, signs in with it, and removes it after asking once more", async () => {
    await page.addAuthenticator();
    await page.goto("/account");
    await page.fill("Name of a new one", "Laptop");
    await page.click("Add a passkey");
    await page.see("Laptop");
    await page.click("Rename");
    await page.fill("New name", "Old laptop");
    await page.click("Save the name");
    await page.see("Old laptop");
    await signOut(page);
    // Where the browser offers it, nothing needs to be clicked.
    await page.goto("/sign-in?to=/account");
    await page.arrive("/account");
    await signOut(page);
    await page.before("PublicKeyCredential.isConditionalMediationAvailable = async () => false;");
    await page.goto("/sign-in?to=/account");
    await page.click("Sign in with a passkey");
    await page.arrive("/account");
    await page.click("Remove");
    await page.see("Remove for good?");
    await page.see("Old laptop");
    await page.click("Remove for good?");
    await page.see("signs you in with your device instead");
    expect(page.problems).toEqual([]);
  });

  test("changes the name and the password, and tells a wrong current one in place", async () => {
    await page.goto("/account");
    await page.fill("Name", "Ada Lovelace");
    await page.click("Save");
    await page.see("Saved");
    await page.fill("Current password", "not the password");
    await page.fill("New password", "another long password");
    await page.click("Change the password");
    await page.see("password is wrong");
    await page.picture("account");
    await page.fill("Current password", OWNER.password);
    await page.fill("New password", "another long password");
    await page.click("Change the password");
    await page.see("Changed");
    await page.fill("Current password", "another long password");
    await page.fill("New password", OWNER.password);
    await page.click("Change the password");
    await page.see("Changed");
    expect(page.problems).toEqual([]);
  });

  test("switches the second factor on with the code of an authenticator, and signs in with the next one", async () => {
    await page.goto("/account");
    await page.click("Switch on");
    await page.fill("Your password", OWNER.password);
    await page.click("Go on");
    await page.see("Keep the recovery codes");
    expect(await page.evaluate<number>("document.querySelector('#qr-code').naturalWidth")).toBeGreaterThan(100);
    const secret = await page.evaluate<string>("document.querySelector('#secret').textContent");
    const recovery = await page.evaluate<string>("document.querySelector('#recovery-codes li').textContent");
    await page.picture("two-factor");
    const at = Date.now();
    await page.fill("Code", codeOf(secret, at));
    await page.press("Enter");
    await page.see("Switch off");
    await signOut(page);

    await signIn(page, OWNER);
    await page.see("One more step");
    await page.picture("second-step");
    await page.fill("Code", "000000");
    await page.press("Enter");
    await page.see("This code is not right");
    // A code is good once, and the next one's time is near enough.
    await page.fill("Code", codeOf(secret, at + STEP_MS));
    await page.press("Enter");
    await page.arrive("/");
    await signOut(page);

    await signIn(page, OWNER);
    await page.click("Use a recovery code");
    await page.fill("Recovery code", recovery);
    await page.press("Enter");
    await page.arrive("/");
    await page.goto("/account");
    await page.click("Switch off");
    await page.fill("Your password", OWNER.password);
    await page.click("Switch off now");
    await page.see("Switch on");
    expect(page.problems).toEqual([]);
  });

  test("ends a session elsewhere, which is signed out by that", async () => {
    const elsewhere = await site.open();
    await signIn(elsewhere, OWNER);
    await elsewhere.arrive("/");
    await page.goto("/account");
    await page.see("this one");
    await page.click("End");
    await page.click("End it now?");
    await expect.poll(() => page.text()).not.toContain("End all others");
    await elsewhere.goto("/account");
    await elsewhere.arrive("/sign-in?to=/account");
    expect([...page.problems, ...elsewhere.problems]).toEqual([]);
  });
});
