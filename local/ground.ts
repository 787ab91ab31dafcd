import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inDataFolder, openDataLog, prepareDataFolder } from "./data-folder.ts";
import { lockFolder } from "./database/lock.ts";
import type { LogFile } from "./log-file.ts";
import type { Progress } from "./progress.ts";
import { openRegister, type Register } from "./register.ts";
import { killLeftovers, SOCKETS_PREFIX } from "./run-file.ts";
import { formatKeys, openSecrets, randomToken } from "./secrets.ts";
import { addressesOf, type Settings } from "./settings.ts";
import type { ControlPlaneVariables, ServiceBindings, WorkerCode } from "./workers.ts";

/** No RPC goes over it, though Miniflare's types ask for a host that says so. */
const PLAIN_HTTP = {} as { capnpConnectHost: string };

/** A database that is open and migrated. */
export interface LaunchedDatabase {
  /** What the control plane is bound to in order to reach it. */
  variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** What a launch is made of, besides the launcher itself. */
export interface LaunchParts {
  version: string;
  /** Source file of each Worker, from the root of the project. */
  entries: Record<keyof WorkerCode, string>;
  openDatabase(dataDirectory: string, onProgress: (text: string) => void): Promise<LaunchedDatabase>;
}

/** A platform that runs. */
export interface Launched {
  /** Origin of the control plane. */
  url: string;
  /** One-time link to claim the platform; null when it has an owner. */
  setupLink: string | null;
  /** Resolves when the platform cannot go on by itself. */
  failed: Promise<Error>;
  /** Stops everything in good order. */
  stop(): Promise<void>;
}

/** What every run stands on, whatever its processes are. */
export interface Ground {
  settings: Settings;
  parts: LaunchParts;
  progress: Progress;
  /** Undone in reverse, when the platform stops and when the start fails halfway. */
  undo: AsyncDisposableStack;
  register: Register;
  /** Private folder for sockets; gone with the run. */
  socketsDirectory: string;
  /** Opens the set-up of the first owner during this run. */
  setupToken: string;
}

/**
 * Makes the data folder ours alone: its lock, and nothing left over of an earlier run.
 *
 * @throws StartError when another instance has it, or it cannot be written.
 */
export function layGround(
  settings: Settings,
  parts: LaunchParts,
  progress: Progress,
  undo: AsyncDisposableStack,
): Ground {
  const { dataDirectory } = settings;
  prepareDataFolder(dataDirectory);
  const lock = lockFolder(dataDirectory);
  undo.defer(() => lock.release());
  const leftovers = killLeftovers(dataDirectory);
  if (leftovers > 0) progress.notice(`ended ${leftovers} processes that an earlier run had left behind`);
  const socketsDirectory = mkdtempSync(join(tmpdir(), SOCKETS_PREFIX));
  const register = openRegister(dataDirectory, socketsDirectory);
  undo.defer(() => register.close());
  return { settings, parts, progress, undo, register, socketsDirectory, setupToken: randomToken() };
}

/** Opens the database; it is closed with the run. */
export async function openDatabaseOn({ settings, parts, progress, undo }: Ground): Promise<LaunchedDatabase> {
  const database = await parts.openDatabase(settings.dataDirectory, (text) => progress.step("database", text));
  undo.defer(() => database.close());
  return database;
}

/** Opens a log in the data folder; it is closed with the run. */
export function openLogOn({ settings, undo }: Ground, name: string): LogFile {
  const log = openDataLog(settings.dataDirectory, name, settings.verbose);
  undo.defer(() => log.close());
  return log;
}

/** Where the control plane finds the practice provider; nothing where there is none. */
export type PracticeVariables = Readonly<Partial<Record<"MOCK_PROVIDER_URL" | "MOCK_PROVIDER_TOKEN", string>>>;

/** Starts the provider of the driver `mock`, where that is among the drivers; it ends with the run, its state stays. */
export async function openPracticeOn({ settings, undo }: Ground): Promise<PracticeVariables> {
  const { dataDirectory, machines } = settings;
  if (!machines.drivers.includes("mock") || machines.variables.MOCK_PROVIDER_URL !== undefined) return {};
  const { startPracticeProvider } = await import("./machines/provider.ts");
  const token = randomToken();
  const provider = await startPracticeProvider({ token, stateFile: join(dataDirectory, "machines", "practice.json") });
  undo.defer(() => provider.stop());
  return { MOCK_PROVIDER_URL: provider.url, MOCK_PROVIDER_TOKEN: token };
}

/** What makes machines and is reached through a socket of this computer. */
export function providerBindings({ settings: { machines } }: Ground): ServiceBindings {
  const { docker } = machines;
  if (docker === null || !("socketPath" in docker)) return {};
  return { DOCKER: { external: { address: `unix:${docker.socketPath}`, http: PLAIN_HTTP } } };
}

/** What the control plane is bound to in every kind of run. */
export function controlPlaneVariables(
  { settings, parts, setupToken }: Ground,
  database: LaunchedDatabase,
  practice: PracticeVariables,
): ControlPlaneVariables {
  const { dataDirectory, machines } = settings;
  const { publicUrl, tenantUrl } = addressesOf(settings);
  const { authSecret, machineKey, platformId } = inDataFolder(dataDirectory, () => openSecrets(dataDirectory));
  return {
    ...database.variables,
    ...settings.mail,
    ...machines.variables,
    ...practice,
    DRIVERS: machines.drivers.join(","),
    DOCKER_URL: machines.docker !== null && "url" in machines.docker ? machines.docker.url : undefined,
    AUTH_SECRET: authSecret,
    MACHINE_KEY: machineKey,
    PLATFORM_ID: platformId,
    SETUP_TOKEN: setupToken,
    OIDC_PROVIDERS: settings.oidcProviders,
    SAML_PROVIDERS: settings.samlProviders,
    PUBLIC_URL: publicUrl,
    TENANT_URL: tenantUrl,
    VERSION: parts.version,
    // Nothing limits processor time here but what an upload is made to count itself.
    METERING: "instrument",
  };
}

/** What secrets of orgs are sealed with. */
export function secretsKeysOf({ settings: { dataDirectory } }: Ground): string {
  return formatKeys(inDataFolder(dataDirectory, () => openSecrets(dataDirectory)).secretsKeys);
}

/** What the router is bound to in every kind of run, but for the way its log is delivered. */
export function routerVariables({ settings, parts }: Ground): Readonly<Record<string, string>> {
  const { dataDirectory } = settings;
  const { appHost, publicUrl, tenantUrl } = addressesOf(settings);
  return {
    DOMAIN: settings.domain,
    APP_HOST: appHost,
    PUBLIC_URL: publicUrl,
    TENANT_URL: tenantUrl,
    VERSION: parts.version,
    MACHINE_KEY: inDataFolder(dataDirectory, () => openSecrets(dataDirectory)).machineKey,
  };
}

/** Where the state of objects and projections is kept. */
export const stateDirectoryOf = ({ settings }: Ground): string => join(settings.dataDirectory, "state");

/** Where bundled Workers are kept from start to start. */
export const cacheDirectoryOf = ({ settings }: Ground): string => join(settings.dataDirectory, "cache");
