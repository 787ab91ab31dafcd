import { expect } from "vitest";

import { type Core, ORIGIN, SETUP_TOKEN, startCore } from "../api/support/core.ts";
import { Browser, findChromium } from "./browser.ts";
import type { Page } from "./page.ts";

export const OWNER = { email: "owner@example.com", password: "a long enough password" };
const chromium = findChromium();

/** Whether there is a browser to test with. Where one is required (`ISOLA_BROWSER=required`), its absence fails the suite. */
export function hasBrowser(): boolean {
  if (chromium !== null) return true;
  if (process.env["ISOLA_BROWSER"] === "required") throw new Error("These tests need Chromium, and there is none.");
  console.warn("No Chromium here, so the pages are not tested in a browser. Install it, or name it in ISOLA_CHROMIUM.");
  return false;
}

/** A control plane and a browser that finds it at its usual address. */
export interface Site {
  core: Core;
  open(): Promise<Page>;
  close(): Promise<void>;
}

/** Opens one; `bindings` replace the usual ones of the control plane. */
export async function openSite(bindings: Record<string, string> = {}): Promise<Site> {
  const core = await startCore(bindings);
  const browser = await Browser.start(chromium ?? "", { [new URL(ORIGIN).host]: core.address.host });
  return {
    core,
    open: () => browser.open(ORIGIN),
    close: async () => {
      await browser.close();
      await core.stop();
    },
  };
}

/** Becomes the owner, as the link of the first start lets one. */
export async function setUp(page: Page): Promise<void> {
  await page.goto(`/setup?token=${SETUP_TOKEN}`);
  await page.fill("E-mail", OWNER.email);
  await page.fill("Password", OWNER.password);
  await page.click("Create the owner's account");
  await page.arrive("/");
}

export async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto("/sign-in");
  await page.fill("E-mail", email);
  await page.fill("Password", password);
  await page.press("Enter");
}

export async function signOut(page: Page): Promise<void> {
  await page.click("Sign out");
  await page.see("An edge cloud of islands");
}

/** Reads the link of the newest letter of a subject, as the owner finds it in the mailbox; it may be on its way still. */
export async function linkOfLetter(owner: Page, subject: string): Promise<string> {
  await expect
    .poll(
      async () => {
        await owner.goto("/mailbox");
        return owner.text();
      },
      { timeout: 10_000 },
    )
    .toContain(subject);
  await owner.click(subject);
  await owner.see("-- ");
  return owner.evaluate<string>(`document.querySelector(".letter a").href`);
}
