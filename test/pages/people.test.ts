import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Page } from "./page.ts";
import { hasBrowser, linkOfLetter, OWNER, openSite, setUp, signIn, signOut, type Site } from "./support.ts";

const ADA = { email: "ada@example.com", password: "the password of ada" };

describe.runIf(hasBrowser())("how people come, and come back", () => {
  let site: Site;
  let owner: Page;

  /** Calls the API as a page of the owner's would. */
  const call = (method: string, path: string, body: unknown): Promise<number> =>
    owner.evaluate<number>(
      `fetch(${JSON.stringify(`/api/v1${path}`)}, { method: ${JSON.stringify(method)}, headers: { "content-type": "application/json" }, body: ${JSON.stringify(JSON.stringify(body))} }).then(({ status }) => status)`,
    );

  beforeAll(async () => {
    site = await openSite();
    owner = await site.open();
    await setUp(owner);
    expect(await call("POST", "/orgs", { slug: "harbour", name: "Harbour" })).toBe(201);
    expect(await call("POST", "/orgs", { slug: "reef", name: "Reef" })).toBe(201);
  });
  afterAll(() => site?.close());

  test("the mailbox is empty before anything was to be sent", async () => {
    await owner.goto("/mailbox");
    await owner.see("Nothing yet");
    expect(owner.problems).toEqual([]);
  });

  test("an invitation leads from its letter to an account in the org", async () => {
    expect(await call("POST", "/orgs/harbour/members", { email: ADA.email, role: "developer" })).toBeLessThan(300);
    const link = await linkOfLetter(owner, "owner invites you to Harbour");
    await owner.picture("letter");
    await owner.goto("/mailbox");
    await owner.picture("mailbox");
    const ada = await site.open();
    await ada.goto(link);
    await ada.see("invites ada@example.com to the org Harbour, as developer");
    expect(await ada.path()).toBe("/invitation");
    await ada.picture("invitation");
    await ada.fill("Your name", "Ada");
    await ada.fill("Password", ADA.password);
    await ada.click("Make the account");
    await ada.arrive("/");
    await ada.see("Harbour");
    expect([...ada.problems, ...owner.problems]).toEqual([]);

    await ada.goto(link);
    await ada.see("This invitation cannot be used");
    expect(ada.problems).toEqual([]);
  });

  test("an invitation for an account that is there asks for its sign-in, and comes back", async () => {
    expect(await call("POST", "/orgs/reef/members", { email: ADA.email, role: "viewer" })).toBeLessThan(300);
    const link = await linkOfLetter(owner, "owner invites you to Reef");
    // As somebody else, who cannot take it.
    await owner.goto(link);
    await owner.see("and this is for ada@example.com");
    await owner.picture("invitation-somebody-else");
    const ada = await site.open();
    await ada.goto(link);
    await ada.see("Sign in with it to accept");
    await ada.click("Sign in");
    await ada.arrive("/sign-in?to=/invitation");
    await ada.fill("E-mail", ADA.email);
    await ada.fill("Password", ADA.password);
    await ada.press("Enter");
    await ada.arrive("/invitation");
    await ada.click("Accept");
    await ada.arrive("/");
    await ada.see("Reef");
    expect([...ada.problems, ...owner.problems]).toEqual([]);
  });

  test("a forgotten password is replaced by the link of a letter, once, and the old one is worth nothing", async () => {
    const ada = await site.open();
    await ada.goto("/sign-in");
    await ada.click("Forgot the password?");
    await ada.arrive("/forgot-password");
    await ada.picture("forgot-password");
    await ada.fill("E-mail", ADA.email);
    await ada.press("Enter");
    await ada.see("Look into your mail");
    const link = await linkOfLetter(owner, "Choose a new password");
    await ada.goto(link);
    await ada.see("you will be signed out");
    expect(await ada.path()).toBe("/reset-password");
    await ada.picture("reset-password");
    await ada.fill("New password", "a password that is new");
    await ada.press("Enter");
    await ada.see("The password is changed");
    await signIn(ada, ADA);
    await ada.see("The e-mail address or the password is wrong.");
    await signIn(ada, { ...ADA, password: "a password that is new" });
    await ada.arrive("/");

    await ada.goto(link);
    await ada.fill("New password", "yet another password");
    await ada.press("Enter");
    await ada.see("This link is not good any more");
    expect([...ada.problems, ...owner.problems]).toEqual([]);
  });

  test("where accounts are open to anybody, one is made by the link of a letter", async () => {
    const grace = await site.open();
    await grace.goto("/sign-up");
    await grace.see("Accounts are by invitation");
    await owner.goto("/");
    expect(await call("PATCH", "/platform/settings", { signUp: "open" })).toBe(200);
    await grace.goto("/sign-in");
    await grace.click("Make an account");
    await grace.fill("E-mail", "grace@example.com");
    await grace.press("Enter");
    await grace.see("Look into your mail");
    await grace.goto(await linkOfLetter(owner, "Complete your account"));
    await grace.see("For grace@example.com.");
    await grace.fill("Your name", "Grace");
    await grace.fill("Password", "the password of grace");
    await grace.press("Enter");
    await grace.arrive("/");
    await grace.see("grace@example.com");
    await signOut(grace);
    expect([...grace.problems, ...owner.problems]).toEqual([]);
  });

  test("whoever is signed in passes the sign-in page by, and nobody is led to another site by it", async () => {
    await owner.goto("/sign-in?to=/account");
    await owner.arrive("/account");
    await signOut(owner);
    await owner.goto("/sign-in?to=//evil.example/");
    await owner.fill("E-mail", OWNER.email);
    await owner.fill("Password", OWNER.password);
    await owner.press("Enter");
    await owner.arrive("/");
    expect(await owner.evaluate<string>("location.host")).toBe("app.localhost:8787");
    expect(owner.problems).toEqual([]);
  });
});
