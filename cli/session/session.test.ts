import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { PlatformError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { CODE, PASSWORD, PASSWORD_OF_TWO, startControlPlane, TOKEN } from "../testing/control-plane.ts";
import { newComputer } from "../testing/host.ts";
import { aKey, anOrg } from "../testing/things.ts";

const KEY = aKey("isola on workbench");
const USER = { id: newId("user"), email: "ada@example.com", name: "Ada", role: "owner" as const };
const ME = {
  principal: { type: "key" as const, key: { id: KEY.id, name: KEY.name, scopes: KEY.scopes, org: null } },
  user: { ...USER, twoFactor: false },
  capabilities: [],
};

const signInWords = (url: string): string[] => ["login", "--url", url, "--email", USER.email, "--password", PASSWORD];
const startWithKeys = () =>
  startControlPlane({ createKey: () => ({ ...KEY, key: TOKEN }), revokeKey: () => undefined, getMe: () => ME });

const savedAt = (home: string): string => join(home, ".config", "isola", "credentials.json");

describe("login", () => {
  it("asks for a code where the account has a second factor, or takes it from an option", async () => {
    const plane = await startWithKeys();
    const { isola, questions } = await newComputer();
    const words = ["login", "--url", plane.url, "--email", USER.email, "--password", PASSWORD_OF_TWO];
    expect((await isola(words, { answers: [CODE] })).code).toBe(0);
    expect(questions).toEqual([{ question: "Code of your authenticator: ", hidden: false }]);
    expect((await isola([...words, "--code", CODE])).code).toBe(0);
    const wrong = await isola([...words, "--code", "000000"]);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining("The code is wrong") });
    expect((await isola(words)).err).toContain("say --code");
    expect(plane.callsTo("POST /api/v1/keys")).toHaveLength(2);
  });

  it("makes a key for this computer and keeps it where only this user can read it", async () => {
    const plane = await startWithKeys();
    const { home, isola } = await newComputer();
    const { code, out } = await isola(signInWords(plane.url));
    expect(code).toBe(0);
    expect(out).toContain("Signed in");
    expect(out).not.toContain(TOKEN);
    expect(JSON.parse(await readFile(savedAt(home), "utf8"))).toEqual({ url: plane.url, token: TOKEN, keyId: KEY.id });
    expect((await stat(savedAt(home))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, ".config", "isola"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(home, ".config", "isola"))).toEqual(["credentials.json"]);
    expect(plane.callsTo("POST /api/v1/keys")[0]?.body).toEqual({ name: "isola on workbench" });
    expect(plane.callsTo("POST /api/v1/keys")[0]?.headers.origin).toBe(plane.url);
  });

  it("ends the web session that it needed", async () => {
    const plane = await startWithKeys();
    const { isola } = await newComputer();
    await isola(signInWords(plane.url));
    expect(plane.callsTo("POST /api/auth/sign-out")[0]?.headers.cookie).toContain("isola.session=s3ssion");
  });

  it("asks at a terminal for what is missing, and hides the password", async () => {
    const plane = await startWithKeys();
    const { isola, questions } = await newComputer();
    const { code } = await isola(["login", "--url", plane.url], { answers: [USER.email, PASSWORD] });
    expect(code).toBe(0);
    expect(questions).toEqual([
      { question: "E-mail: ", hidden: false },
      { question: "Password: ", hidden: true },
    ]);
  });

  it("reads the password from standard input", async () => {
    const plane = await startWithKeys();
    const { isola } = await newComputer();
    const words = ["login", "--url", plane.url, "--email", USER.email, "--password-stdin"];
    expect((await isola(words, { input: `${PASSWORD}\n` })).code).toBe(0);
    expect(plane.callsTo("POST /api/auth/sign-in/email")[0]?.body).toEqual({ email: USER.email, password: PASSWORD });
  });

  it("without a terminal says which option is missing", async () => {
    const { isola } = await newComputer();
    const { code, err } = await isola(["login", "--email", "a@b.example"]);
    expect(code).toBe(2);
    expect(err).toContain("--password or --password-stdin");
  });

  it("says when the password is wrong, and keeps the saved sign-in", async () => {
    const plane = await startWithKeys();
    const { home, isola } = await newComputer();
    await isola(signInWords(plane.url));
    const { code, err } = await isola([...signInWords(plane.url).slice(0, -1), "something-else"]);
    expect(code).toBe(1);
    expect(err).toBe("error: The e-mail address or the password is wrong.\n");
    expect(await readFile(savedAt(home), "utf8")).toContain(TOKEN);
  });

  it("says how long to wait after too many attempts", async () => {
    const plane = await startWithKeys();
    const { isola } = await newComputer();
    const { code, err } = await isola([...signInWords(plane.url).slice(0, -1), "slow-down"]);
    expect(code).toBe(1);
    expect(err).toContain("Try again in 7 seconds.");
  });

  it("revokes the key that it replaces", async () => {
    const plane = await startWithKeys();
    const { isola } = await newComputer();
    await isola(signInWords(plane.url));
    expect(plane.callsTo(`DELETE /api/v1/keys/${KEY.id}`)).toHaveLength(0);
    await isola(signInWords(plane.url));
    expect(plane.callsTo(`DELETE /api/v1/keys/${KEY.id}`)).toHaveLength(1);
  });

  it("keeps the sign-in where XDG_CONFIG_HOME or ISOLA_CONFIG says", async () => {
    const plane = await startWithKeys();
    const { home, isola } = await newComputer();
    await isola(signInWords(plane.url), { env: { XDG_CONFIG_HOME: join(home, "xdg") } });
    await isola(signInWords(plane.url), {
      env: { XDG_CONFIG_HOME: join(home, "xdg"), ISOLA_CONFIG: join(home, "own") },
    });
    expect((await readdir(home)).sort()).toEqual(["own", "xdg"]);
    expect(await readdir(join(home, "xdg", "isola"))).toEqual(["credentials.json"]);
    expect(await readdir(join(home, "own"))).toEqual(["credentials.json"]);
  });
});

describe("the saved sign-in", () => {
  it("is used by every other command", async () => {
    const plane = await startWithKeys();
    const { isola } = await newComputer();
    await isola(signInWords(plane.url));
    const { code, out } = await isola(["whoami"]);
    expect(code).toBe(0);
    expect(out).toContain("Ada <ada@example.com>");
    expect(out).toContain(plane.url);
    expect(plane.callsTo("GET /api/v1/me")[0]?.headers.host).toBe(`app.localhost:${plane.port}`);
  });

  it("gives way to ISOLA_URL and ISOLA_TOKEN", async () => {
    const plane = await startWithKeys();
    const { isola } = await newComputer();
    const other = await startWithKeys();
    await isola(signInWords(other.url));
    other.seen.length = 0;
    const env = { ISOLA_URL: `${plane.url}/`, ISOLA_TOKEN: TOKEN };
    const { code, out } = await isola(["whoami", "--output", "json"], { env });
    expect(other.seen).toEqual([]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ url: plane.url, ...ME });
  });

  it("never goes to another control plane than the one that gave it", async () => {
    const plane = await startWithKeys();
    const other = await startWithKeys();
    const { isola } = await newComputer();
    await isola(signInWords(plane.url));
    const { code, err } = await isola(["whoami"], { env: { ISOLA_URL: other.url } });
    expect(code).toBe(1);
    expect(err).toContain(`not signed in at ${other.url}`);
    expect(err).toContain(`isola login --url ${other.url}`);
    expect(other.seen).toEqual([]);
  });

  it("that is damaged is named, never guessed at", async () => {
    const { home, isola } = await newComputer();
    await mkdir(join(home, ".config", "isola"), { recursive: true });
    await writeFile(savedAt(home), "{");
    const { code, err } = await isola(["whoami"]);
    expect(code).toBe(1);
    expect(err).toContain(`${savedAt(home)} is damaged`);
  });

  it("is revoked and forgotten by logout", async () => {
    const plane = await startWithKeys();
    const { home, isola } = await newComputer();
    await isola(signInWords(plane.url));
    const { code, out } = await isola(["logout"]);
    expect(code).toBe(0);
    expect(out).toContain("the key is revoked");
    expect(plane.callsTo(`DELETE /api/v1/keys/${KEY.id}`)).toHaveLength(1);
    expect(await readdir(join(home, ".config", "isola"))).toEqual([]);
    expect((await isola(["logout"])).out).toBe("Nobody was signed in.\n");
  });

  it("is forgotten by logout although the key is gone already, and kept when the platform does not answer", async () => {
    const plane = await startWithKeys();
    const { home, isola } = await newComputer();
    await isola(signInWords(plane.url));
    plane.answers.revokeKey = () => {
      throw new PlatformError("unavailable", "Not now.");
    };
    expect((await isola(["logout"])).code).toBe(1);
    expect(await readFile(savedAt(home), "utf8")).toContain(TOKEN);
    plane.answers.revokeKey = () => {
      throw new PlatformError("not_found", "There is no such key.");
    };
    expect((await isola(["logout"])).code).toBe(0);
    expect(await readdir(join(home, ".config", "isola"))).toEqual([]);
  });
});

describe("a refusal", () => {
  const cases = [
    ["not_found", "There is no org nope."],
    ["unavailable", "The database does not answer. Try again."],
    ["forbidden", "Your role in hello is viewer."],
  ] as const;

  it.each(cases)("%s is shown with its message and the request to quote", async (code, message) => {
    const plane = await startControlPlane({
      getOrg: () => {
        throw new PlatformError(code, message);
      },
    });
    const { isola } = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
    const outcome = await isola(["orgs", "get", "nope"]);
    expect(outcome).toEqual({ code: 1, out: "", err: `error: ${message}\nrequest req_0123456789abcdefghjk\n` });
  });

  it("lists each reason with its field, unless the message says it all", async () => {
    const plane = await startControlPlane();
    const { isola } = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
    const long = "x".repeat(501);
    const several = await isola(["orgs", "create", "Admin!", "--name", long]);
    expect(several.code).toBe(1);
    expect(several.err).toContain("\n  slug: may hold only the letters a to z, digits and hyphens\n  name: ");
    const single = await isola(["orgs", "create", "Admin!"]);
    expect(single.err.match(/may hold only/g)).toHaveLength(1);
  });

  it("is the API's own error object in JSON, and the only thing printed", async () => {
    const plane = await startControlPlane();
    const { isola } = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
    const { code, out, err } = await isola(["orgs", "create", "admin", "--output", "json"]);
    expect(code).toBe(1);
    expect(err).toBe("");
    expect(JSON.parse(out)).toEqual({
      error: {
        code: "invalid",
        message: expect.stringContaining("reserved"),
        details: { issues: [{ field: "slug", reason: expect.stringContaining("reserved") }] },
        requestId: "req_0123456789abcdefghjk",
      },
    });
  });

  it("of the credentials says which were used", async () => {
    const plane = await startControlPlane({ createKey: () => ({ ...KEY, key: "isola_other" }) });
    const { isola } = await newComputer();
    const env = { ISOLA_URL: plane.url, ISOLA_TOKEN: "isola_wrong" };
    expect((await isola(["whoami"], { env })).err).toContain("ISOLA_TOKEN is in use here: check it.");
    await isola(signInWords(plane.url));
    expect((await isola(["whoami"])).err).toContain("The saved sign-in is no longer good: `isola login`.");
  });
});

describe("a control plane that is not there", () => {
  it("is asked about in words that help", async () => {
    const { isola } = await newComputer({ env: { ISOLA_URL: "http://app.localhost:1", ISOLA_TOKEN: TOKEN } });
    const { code, err } = await isola(["orgs", "list"]);
    expect(code).toBe(1);
    expect(err).toContain("Nothing listens at http://app.localhost:1: is `npm start` running there?");
    const json = await isola(["orgs", "list", "--output", "json"]);
    expect(JSON.parse(json.out).error.code).toBe("unavailable");
  });

  it("does not keep `version` from answering", async () => {
    const { isola } = await newComputer({ env: { ISOLA_URL: "http://app.localhost:1" } });
    const { code, out } = await isola(["version"]);
    expect(code).toBe(0);
    expect(out).toContain("does not answer");
  });
});

describe("the org that is meant", () => {
  const words = ["scripts", "list"];
  const scripts = { listScripts: () => ({ items: [], cursor: null }) };

  it("is --org, then ISOLA_ORG, then the only one there is", async () => {
    const plane = await startControlPlane({ ...scripts, listOrgs: () => ({ items: [anOrg("lone")], cursor: null }) });
    const { isola } = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
    await isola([...words, "--org", "said"], { env: { ISOLA_ORG: "environment" } });
    await isola(words, { env: { ISOLA_ORG: "environment" } });
    await isola(words);
    const asked = plane.seen.map((request) => request.path.split("/scripts")[0]);
    expect(asked).toEqual([
      "/api/v1/orgs/said",
      "/api/v1/orgs/environment",
      "/api/v1/orgs?limit=10",
      "/api/v1/orgs/lone",
    ]);
  });

  it("is asked for when there are several or none", async () => {
    const plane = await startControlPlane({
      ...scripts,
      listOrgs: () => ({ items: [anOrg("one"), anOrg("two")], cursor: null }),
    });
    const { isola } = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN } });
    const several = await isola(words);
    expect(several.code).toBe(2);
    expect(several.err).toContain("Which org? Say --org <slug> or set ISOLA_ORG: one, two.");
    plane.answers.listOrgs = () => ({ items: [], cursor: null });
    expect((await isola(words)).err).toContain("isola orgs create <slug>");
  });
});
