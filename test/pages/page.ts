import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Values } from "./browser.ts";

const WAIT_MS = 10_000;
const LOOK_INTERVAL_MS = 40;

/** What is looked for in a page, by what people see of it. */
const FINDERS = {
  /** A button or a link, by its whole text. */
  control: (name: string) =>
    `[...document.querySelectorAll("button, a, summary")].find((element) => visible(element) && element.innerText.trim() === ${JSON.stringify(name)})`,
  /** A field, by the beginning of its label. */
  field: (name: string) =>
    `[...document.querySelectorAll("label")].find((element) => visible(element) && element.innerText.trim().startsWith(${JSON.stringify(name)}))?.control`,
};

const VISIBLE = `const visible = (element) => element.checkVisibility();`;

/** One page of a browser, used as people use it: they read, click and type. */
export class Page {
  /** What the page did that it should not: blocked content, uncaught errors, errors in the console. */
  readonly problems: string[] = [];
  readonly #origin: string;
  readonly #send: (method: string, values?: Values) => Promise<Values>;

  constructor(origin: string, send: (method: string, values?: Values) => Promise<Values>) {
    this.#origin = origin;
    this.#send = send;
  }

  async prepare(): Promise<void> {
    for (const domain of ["Page", "Runtime", "Log", "Audits", "Network"]) await this.#send(`${domain}.enable`);
    await this.#send("Emulation.setScrollbarsHidden", { hidden: true });
    await this.resize(1_000, 800);
  }

  /** Takes what the browser tells of this page. */
  hear(method: string, values: Values): void {
    if (method === "Runtime.exceptionThrown") this.problems.push(`uncaught: ${JSON.stringify(values)}`);
    if (method === "Audits.issueAdded" && JSON.stringify(values).includes("ContentSecurityPolicy")) {
      this.problems.push(`blocked: ${JSON.stringify(values)}`);
    }
    const { entry } = values as { entry?: { level: string; source: string; text: string; url?: string } };
    if (method !== "Log.entryAdded" || entry?.level !== "error") return;
    // A refused request is told here too; what a page makes of it is what tests look at.
    if (entry.source !== "network") this.problems.push(`${entry.source}: ${entry.text} ${entry.url ?? ""}`);
  }

  /** Goes to a path, or to a whole address, and waits until it is there. */
  async goto(path: string): Promise<void> {
    const url = new URL(path, this.#origin).href;
    const { errorText } = await this.#send("Page.navigate", { url });
    if (typeof errorText === "string") throw new Error(`${url}: ${errorText}`);
    await this.#until(`${url} is loaded`, `document.readyState === "complete"`);
  }

  /** Path and query of where the page is. */
  path(): Promise<string> {
    return this.evaluate<string>("location.pathname + location.search");
  }

  /** Waits until the page shows a text. */
  async see(text: string): Promise<void> {
    await this.#until(`the page shows "${text}"`, `document.body?.innerText.includes(${JSON.stringify(text)})`);
  }

  /** Waits until the page is at a path. */
  async arrive(path: string): Promise<void> {
    await this.#until(`the page is at ${path}`, `location.pathname + location.search === ${JSON.stringify(path)}`);
    await this.#until(`${path} is loaded`, `document.readyState === "complete"`);
  }

  /** What the page shows, as text. */
  text(): Promise<string> {
    return this.evaluate<string>("document.body.innerText");
  }

  /** Clicks a button or a link with the mouse. */
  async click(name: string): Promise<void> {
    const element = FINDERS.control(name);
    await this.#until(`there is "${name}" to click`, `(${element})?.disabled !== true && !!(${element})`);
    const { x, y } = await this.evaluate<{ x: number; y: number }>(`{
      const element = ${element};
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const { left, top, width, height } = element.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }`);
    const at = { x, y, button: "left", clickCount: 1 };
    await this.#send("Input.dispatchMouseEvent", { type: "mousePressed", ...at });
    await this.#send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at });
  }

  /** Types into a field, in place of what it holds. */
  async fill(label: string, text: string): Promise<void> {
    const element = FINDERS.field(label);
    await this.#until(`there is a field "${label}"`, `!!(${element})`);
    await this.evaluate(`{ const element = ${element}; element.focus(); element.select(); return true; }`);
    await this.#send("Input.insertText", { text });
  }

  async press(key: "Enter" | "Tab"): Promise<void> {
    const code = { Enter: 13, Tab: 9 }[key];
    const values = { key, code: key, windowsVirtualKeyCode: code, ...(key === "Enter" ? { text: "\r" } : {}) };
    await this.#send("Input.dispatchKeyEvent", { type: "keyDown", ...values });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", ...values });
  }

  /** Runs an expression, or a block with a `return`, in the page. */
  async evaluate<T>(code: string): Promise<T> {
    const body = code.startsWith("{") ? code : `{ return (${code}); }`;
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", {
      expression: `(() => { ${VISIBLE} ${body} })()`,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Gives the page's browser a device that answers every question for a passkey with yes. */
  async addAuthenticator(): Promise<void> {
    await this.#send("WebAuthn.enable", { enableUI: false });
    await this.#send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }

  /** Runs a script in every document from now on, before the document's own. */
  async before(script: string): Promise<void> {
    await this.#send("Page.addScriptToEvaluateOnNewDocument", { source: script });
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async prefer(scheme: "light" | "dark"): Promise<void> {
    await this.#send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  /** Keeps pictures of the page, light and dark, wide and narrow, in the folder that `ISOLA_SCREENSHOTS` names. */
  async picture(name: string): Promise<void> {
    const folder = process.env["ISOLA_SCREENSHOTS"];
    if (folder === undefined || folder === "") return;
    await mkdir(folder, { recursive: true });
    for (const [width, scheme] of [
      [1_000, "light"],
      [1_000, "dark"],
      [390, "light"],
    ] as const) {
      await this.resize(width, 800);
      await this.prefer(scheme);
      const { data } = await this.#send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
      await writeFile(join(folder, `${name}-${width}-${scheme}.png`), Buffer.from(String(data), "base64"));
    }
    await this.resize(1_000, 800);
    await this.prefer("light");
  }

  async #until(what: string, expression: string): Promise<void> {
    const end = Date.now() + WAIT_MS;
    // While a page is being replaced there is nothing to ask.
    while (!(await this.evaluate<boolean>(`!!(${expression})`).catch(() => false))) {
      if (Date.now() > end) {
        const shown = await this.text().catch(() => "nothing");
        throw new Error(`Waited in vain until ${what}. At ${await this.path().catch(() => "nowhere")}:\n${shown}`);
      }
      await sleep(LOOK_INTERVAL_MS);
    }
  }
}
