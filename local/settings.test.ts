import { resolve } from "node:path";

import { expect, test } from "vitest";

import { addressesOf, readSettings } from "./settings.ts";
import { StartError } from "./start-error.ts";

function refusalOf(environment: NodeJS.ProcessEnv): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof StartError) return error.line;
    throw error;
  }
  return "taken";
}

test("everything has a default", () => {
  expect(readSettings({}, "linux", () => false)).toEqual({
    port: 8787,
    host: "127.0.0.1",
    dataDirectory: resolve(".isola"),
    databaseUrl: undefined,
    owner: undefined,
    edges: 2,
    domain: "localhost",
    edgeMemorySoftBytes: 768 * 1024 * 1024,
    edgeMemoryHardBytes: 1536 * 1024 * 1024,
    single: false,
    verbose: false,
    oidcProviders: undefined,
    samlProviders: undefined,
    mail: { MAIL_DRIVER: "mailbox", MAIL_FROM: undefined, MAIL_API_URL: undefined, MAIL_API_KEY: undefined },
    machines: { drivers: ["isolate", "external", "mock"], docker: null, variables: {} },
  });
});

test("an empty variable counts as none", () => {
  expect(readSettings({ ISOLA_PORT: "", DATABASE_URL: "", ISOLA_OWNER_EMAIL: "" })).toEqual(readSettings({}));
});

test("reads what is set", () => {
  const settings = readSettings({
    ISOLA_PORT: "80",
    ISOLA_DATA: "/srv/isola",
    ISOLA_DOMAIN: "Example.ORG",
    ISOLA_EDGES: "4",
    ISOLA_SINGLE: "1",
    ISOLA_OWNER_EMAIL: "ada@example.com",
    ISOLA_OWNER_PASSWORD: "secret",
  });
  expect(settings).toMatchObject({
    port: 80,
    dataDirectory: "/srv/isola",
    domain: "example.org",
    edges: 4,
    single: true,
    owner: { email: "ada@example.com", password: "secret" },
  });
});

test("letters leave only where everything that takes is given", () => {
  const given = { MAIL_FROM: "isola@example.com", MAIL_API_URL: "https://api.example.com/emails", MAIL_API_KEY: "k" };
  expect(readSettings({ MAIL_DRIVER: "http", ...given }).mail).toEqual({ MAIL_DRIVER: "http", ...given });
  for (const name of Object.keys(given)) {
    expect(refusalOf({ MAIL_DRIVER: "http", ...given, [name]: "" })).toContain(`${name} is needed by MAIL_DRIVER=http`);
  }
  expect(refusalOf({ MAIL_DRIVER: "smtp" })).toContain("MAIL_DRIVER must be mailbox or http");
  expect(refusalOf({ MAIL_API_URL: "file:///tmp/x" })).toContain("MAIL_API_URL must be an http or https URL");
});

test("Docker is among the drivers where its socket is there, or where somebody says where it is", () => {
  const machinesOf = (environment: NodeJS.ProcessEnv, platform: NodeJS.Platform = "linux", isThere = false) =>
    readSettings(environment, platform, () => isThere).machines;
  const socketPath = "/var/run/docker.sock";
  expect(machinesOf({}, "linux", true)).toMatchObject({
    drivers: ["isolate", "external", "mock", "docker"],
    docker: { socketPath },
  });
  expect(machinesOf({}, "win32", true).docker).toBeNull();
  expect(machinesOf({ ISOLA_DOCKER: "unix:///run/user/1000/docker.sock" }).docker).toEqual({
    socketPath: "/run/user/1000/docker.sock",
  });
  expect(machinesOf({ ISOLA_DOCKER: "tcp://10.0.0.5:2375/" }).docker).toEqual({ url: "http://10.0.0.5:2375" });
  expect(machinesOf({ ISOLA_DRIVERS: "mock" }, "linux", true).drivers).toEqual(["isolate", "mock"]);
  expect(refusalOf({ ISOLA_DOCKER: "docker" })).toContain("ISOLA_DOCKER must be the path of a socket");
});

test("drivers are of a closed list, and get what they cannot do without", () => {
  const fly = { ISOLA_DRIVERS: "isolate, fly", FLY_API_TOKEN: "secret", FLY_ORG: "ours", FLY_REGIONS: "fra,ams" };
  expect(readSettings(fly).machines).toMatchObject({
    drivers: ["isolate", "fly"],
    variables: { FLY_API_TOKEN: "secret", FLY_ORG: "ours", FLY_REGIONS: "fra,ams" },
  });
  expect(refusalOf({ ISOLA_DRIVERS: "isolate,heroku" })).toContain("ISOLA_DRIVERS must be of isolate, docker, fly");
  expect(refusalOf({ ...fly, FLY_API_TOKEN: "" })).toContain("FLY_API_TOKEN is needed by the driver fly");
  expect(refusalOf({ CERTIFICATES: "cloudflare" })).toContain(
    "CLOUDFLARE_ZONE_ID is needed by CERTIFICATES=cloudflare",
  );
  expect(refusalOf({ TENANT_DATABASES: "neon" })).toContain("NEON_API_KEY is needed by TENANT_DATABASES=neon");
  expect(refusalOf({ FLY_REGIONS: "fra;ams" })).toContain("FLY_REGIONS must be names with commas between them");
});

test("runs in one process where sockets cannot be inherited", () => {
  expect(readSettings({}, "win32").single).toBe(true);
  expect(readSettings({}, "darwin").single).toBe(false);
});

test.each([
  [{ ISOLA_PORT: "http" }, "isola: ISOLA_PORT must be a number — correct ISOLA_PORT and start again"],
  [{ ISOLA_PORT: "0" }, "isola: ISOLA_PORT must be at least 1 — correct ISOLA_PORT and start again"],
  [{ ISOLA_PORT: "70000" }, "isola: ISOLA_PORT must be at most 65535 — correct ISOLA_PORT and start again"],
  [{ ISOLA_EDGES: "1.5" }, "isola: ISOLA_EDGES must be a whole number — correct ISOLA_EDGES and start again"],
  [{ ISOLA_HOST: "localhost" }, "isola: ISOLA_HOST must be an IP address — correct ISOLA_HOST and start again"],
  [
    { ISOLA_DOMAIN: "a:80" },
    "isola: ISOLA_DOMAIN must be a domain, without port — correct ISOLA_DOMAIN and start again",
  ],
  [{ ISOLA_SINGLE: "maybe" }, "isola: ISOLA_SINGLE must be 1 or 0 — correct ISOLA_SINGLE and start again"],
  [
    { ISOLA_OWNER_EMAIL: "ada@example.com" },
    "isola: ISOLA_OWNER_EMAIL and ISOLA_OWNER_PASSWORD go together — correct ISOLA_OWNER_EMAIL and start again",
  ],
])("refuses %o in one line that names the variable and the rule", (environment, line) => {
  expect(refusalOf(environment)).toBe(line);
});

test("addresses carry the port unless it is the usual one", () => {
  expect(addressesOf({ domain: "localhost", port: 8787 })).toEqual({
    appHost: "app.localhost",
    publicUrl: "http://app.localhost:8787",
    tenantUrl: "http://{slug}.localhost:8787",
  });
  expect(addressesOf({ domain: "example.org", port: 80 }).tenantUrl).toBe("http://{slug}.example.org");
});

test("identity providers are a list, or none", () => {
  const providers = '[{ "id": "ours" }]';
  expect(readSettings({ ISOLA_OIDC_PROVIDERS: providers }).oidcProviders).toBe(providers);
  expect(readSettings({ ISOLA_SAML_PROVIDERS: providers }).samlProviders).toBe(providers);
  for (const text of ["{}", "ours", "[{]"]) {
    expect(refusalOf({ ISOLA_OIDC_PROVIDERS: text })).toMatch(/^isola: ISOLA_OIDC_PROVIDERS must be a JSON list/);
    expect(refusalOf({ ISOLA_SAML_PROVIDERS: text })).toMatch(/^isola: ISOLA_SAML_PROVIDERS must be a JSON list/);
  }
});
