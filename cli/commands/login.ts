import { createClient } from "../../contracts/client.ts";
import { defineCommand } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";
import { findCredentials, saveCredentials, type Credentials } from "../session/credentials.ts";
import { isLoopbackName, reach } from "../session/http.ts";
import { currentUrl, originOf } from "../session/session.ts";
import { signIn } from "../session/sign-in.ts";

export const login = defineCommand({
  name: "login",
  summary: "Sign in and keep an API key for this computer",
  details:
    "Signs in with e-mail and password, makes an API key named after this computer, and saves it in\n" +
    "~/.config/isola/credentials.json, readable by you alone. The password is not kept. What is missing\n" +
    "is asked for in a terminal.",
  options: {
    url: { type: "string", value: "url", about: "control plane (default ISOLA_URL, the last one, or this computer's)" },
    email: { type: "string", value: "address", about: "your e-mail address" },
    password: { type: "string", value: "text", about: "your password; others can see it in the list of processes" },
    "password-stdin": { type: "boolean", about: "read the password from standard input" },
    code: { type: "string", value: "digits", about: "code of your authenticator, where you have a second factor" },
  },
  examples: [
    "login --email owner@example.com",
    "login --url https://app.example.com --email owner@example.com --password-stdin < password.txt",
  ],
  async run({ options, host, human }) {
    const url = options.url === undefined ? await currentUrl(host) : originOf(options.url, "--url");
    const notes: string[] = [];
    const { protocol, hostname } = new URL(url);
    if (protocol === "http:" && !isLoopbackName(hostname)) notes.push(`Note: ${url} is not encrypted.`);
    const email = options.email ?? (await ask(host, "E-mail: ", "--email"));
    const password = await passwordOf(options, host);
    const old = await findCredentials(host).catch(() => null);
    const code = async (): Promise<string> =>
      options.code ?? (await ask(host, "Code of your authenticator: ", "--code"));
    const credentials = await signIn(url, { email, password, code }, `isola on ${host.machineName}`);
    const path = await saveCredentials(host, credentials);
    if (old !== null && old.url === url) await retire(old);
    if (human && host.env.ISOLA_TOKEN) notes.push("Note: ISOLA_TOKEN is set and goes before the saved sign-in.");
    return {
      json: { url, email, keyId: credentials.keyId, path },
      text: `Signed in at ${url} as ${email}. The key is in ${path}.`,
      notes,
    };
  },
});

interface PasswordOptions {
  password: string | undefined;
  "password-stdin": boolean;
}

async function passwordOf(options: PasswordOptions, host: Host): Promise<string> {
  if (options["password-stdin"]) {
    if (options.password !== undefined) throw new UsageError("--password or --password-stdin, not both.", "login");
    return (await host.readInput()).replace(/\r?\n$/, "");
  }
  return options.password ?? ask(host, "Password: ", "--password or --password-stdin", true);
}

async function ask(host: Host, question: string, option: string, hidden = false): Promise<string> {
  if (host.ask === null) throw new UsageError(`There is no terminal to ask at: say ${option}.`, "login");
  return host.ask(question, { hidden });
}

// Otherwise each sign-in would leave a key behind. The old key may be gone already, which is as good.
async function retire(old: Credentials): Promise<void> {
  const client = createClient({ url: old.url, token: old.token, fetch: reach });
  await client.revokeKey({ params: { id: old.keyId } }).catch(() => null);
}
