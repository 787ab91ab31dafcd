import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

import { Page } from "./page.ts";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ANSWER_MS = 15_000;

/** Where this computer has Chromium; `ISOLA_CHROMIUM` names another place. Null where there is none. */
export function findChromium(): string | null {
  const named = process.env["ISOLA_CHROMIUM"];
  return (named === undefined || named === "" ? CANDIDATES : [named]).find((path) => existsSync(path)) ?? null;
}

/** What the DevTools protocol answers and tells; the callers know what each command gives. */
export type Values = Record<string, unknown>;
type Listener = (method: string, values: Values) => void;

interface Message {
  id?: number;
  method?: string;
  params?: Values;
  result?: Values;
  error?: { message: string };
  sessionId?: string;
}

/**
 * Chromium, driven over its own pipe by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/):
 * messages are JSON, each ended by a zero byte, on file descriptors 3 and 4. It opens no port.
 */
export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #input: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Map<string, Listener>();
  #lastId = 0;
  #rest = "";

  private constructor(child: ChildProcess, profile: string) {
    this.#process = child;
    this.#profile = profile;
    this.#input = child.stdio[3] as Writable;
    (child.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => this.#take(text));
  }

  /** Starts Chromium with a profile of its own; `hosts` maps what a page asks for to where it is, as `host:port`. */
  static async start(chromium: string, hosts: Record<string, string>): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "isola-browser-"));
    const rules = Object.entries(hosts).map(([from, to]) => `MAP ${from} ${to}`);
    const child = spawn(
      chromium,
      [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--lang=en-GB",
        "--remote-debugging-pipe",
        `--user-data-dir=${profile}`,
        // Nothing but what a test names can be reached.
        `--host-resolver-rules=${[...rules, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"].join(", ")}`,
        "about:blank",
      ],
      { detached: true, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: { ...process.env, TZ: "UTC" } },
    );
    return new Browser(child, profile);
  }

  /** Opens a page in a context of its own: its cookies are nobody else's. */
  async open(origin: string): Promise<Page> {
    const { browserContextId } = await this.send("Target.createBrowserContext");
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const id = String(sessionId);
    const page = new Page(origin, (method, values) => this.send(method, values, id));
    this.#listeners.set(id, (method, values) => page.hear(method, values));
    await page.prepare();
    return page;
  }

  /** Sends a command, to the browser or to one page. */
  async send(method: string, params: Values = {}, sessionId?: string): Promise<Values> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Message>();
    const late = setTimeout(() => resolve({ error: { message: "no answer" } }), ANSWER_MS);
    this.#waiting.set(id, resolve);
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await promise;
    clearTimeout(late);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async close(): Promise<void> {
    const gone = new Promise<void>((done) => this.#process.once("exit", () => done()));
    if (this.#process.exitCode === null && this.#process.pid !== undefined) {
      process.kill(-this.#process.pid, "SIGKILL");
      await gone;
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      if (message.id === undefined) {
        this.#listeners.get(message.sessionId ?? "")?.(message.method ?? "", message.params ?? {});
        continue;
      }
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
  }
}
