import { type Fault, type Operation } from "../../../local/machines/faults.ts";
import { startPracticeProvider } from "../../../local/machines/provider.ts";
import type { Group, PracticeMachine, Volume } from "../../../local/machines/resources.ts";

const TOKEN = "the token of the practice provider";

/** Everything that the provider has, and what it was asked. */
interface Holdings {
  groups: Group[];
  volumes: Volume[];
  machines: PracticeMachine[];
  calls: { operation: Operation; status: number; at: number }[];
}

/** A provider of machines that fails on demand. */
export interface TestProvider {
  /** What a core is bound to so that it works with this provider. */
  bindings: Record<string, string>;
  /** What shall fail from now on, instead of what was to before. */
  fail(...faults: Partial<Fault>[]): Promise<void>;
  holdings(): Promise<Holdings>;
  /** How many things it has: none when nothing was left behind. */
  count(): Promise<number>;
  /** Asks one of its own ends of the API. */
  ask(method: string, path: string, json?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startProvider(): Promise<TestProvider> {
  const provider = await startPracticeProvider({ token: TOKEN, stateFile: null });
  const ask = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const response = await fetch(provider.url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text === "" ? null : JSON.parse(text);
  };
  const holdings = async (): Promise<Holdings> => (await ask("GET", "/resources")) as Holdings;
  return {
    bindings: { DRIVERS: "isolate,external,mock", MOCK_PROVIDER_URL: provider.url, MOCK_PROVIDER_TOKEN: TOKEN },
    fail: async (...faults) => void (await ask("POST", "/faults", faults)),
    holdings,
    count: async () => {
      const { groups, volumes, machines } = await holdings();
      return groups.length + volumes.length + machines.length;
    },
    ask,
    stop: () => provider.stop(),
  };
}
