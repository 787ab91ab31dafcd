import * as z from "zod";

import {
  type ProviderAnswer,
  providerApi,
  type ProviderCall,
  type ProviderFetch,
} from "../provisioning/drivers/http.ts";
import { ProviderError, type ProviderErrorCode } from "../provisioning/provider-error.ts";

const branchSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** `init`, `resetting`, `ready` or `archived`. */
  current_state: z.string(),
  default: z.boolean().nullish(),
});
const operationSchema = z.object({ id: z.string(), status: z.string() });
const operations = z.array(operationSchema).nullish();
const endpointSchema = z.object({ id: z.string(), type: z.string() });
const databaseSchema = z.object({ id: z.number(), name: z.string(), owner_name: z.string() });

export type NeonBranch = z.output<typeof branchSchema>;

export interface NeonOptions {
  key: string;
  project: string;
  /** Such as `https://console.neon.tech/api/v2`. */
  baseUrl: string;
  fetch: ProviderFetch;
}

/** What Neon refuses in words of its own; null leaves it to the status. */
function neonErrorOf({ status, text }: Pick<ProviderAnswer, "status" | "text">): ProviderErrorCode | null {
  // Another operation of the project is under way.
  if (status === 423) return "unavailable";
  if (status === 401 || status === 404 || status === 429 || status >= 500) return null;
  const words = text().slice(0, 4_000).toLowerCase();
  if (/limit|quota|exceeded/.test(words)) return "quota";
  if (status === 403) return "unauthorized";
  return status === 409 && !/already exists/.test(words) ? "refused" : null;
}

/** The API of Neon (https://neon.com/docs/reference/api), one method for each call that is made, in one project. */
export class NeonApi {
  readonly #call: (call: ProviderCall) => Promise<ProviderAnswer>;
  readonly #project: string;

  constructor({ key, project, baseUrl, fetch }: NeonOptions) {
    const headers = { authorization: `Bearer ${key}` };
    const api = providerApi({ title: "Neon", baseUrl, fetch, headers, explain: neonErrorOf });
    this.#call = (call) => api.call(call);
    this.#project = `/projects/${encodeURIComponent(project)}`;
  }

  /** Throws `unauthorized` unless Neon shows the project: what it does not find in a hidden one may well be there. */
  async requireProject(): Promise<void> {
    const { status } = await this.#call({ to: "show the project", path: this.#project, accepts: [404] });
    if (status !== 404) return;
    throw new ProviderError("unauthorized", "Neon does not show the platform its project; see NEON_PROJECT_ID.");
  }

  async findBranch(id: string): Promise<NeonBranch | null> {
    const call = { to: "show a branch", path: this.#branch(id), accepts: [404] };
    const answer = await this.#call(call);
    return answer.status === 404 ? null : parse(call, answer, z.object({ branch: branchSchema })).branch;
  }

  async findBranchNamed(name: string): Promise<NeonBranch | null> {
    const call = { to: "list the branches", path: `${this.#project}/branches`, query: { search: name } };
    const { branches } = await this.#read(call, z.object({ branches: z.array(branchSchema) }));
    return branches.find((branch) => branch.name === name) ?? null;
  }

  /** A branch with what is reached of it. */
  async createBranch(name: string): Promise<NeonBranch> {
    const json = { branch: { name }, endpoints: [{ type: "read_write" }] };
    const call = { to: "make a branch", method: "POST", path: `${this.#project}/branches`, json } as const;
    return (await this.#read(call, z.object({ branch: branchSchema }))).branch;
  }

  async deleteBranch(id: string): Promise<void> {
    await this.#call({ to: "remove a branch", method: "DELETE", path: this.#branch(id), accepts: [404] });
  }

  /** What a branch is reached by, for reading and writing; null where it has none. */
  async findEndpoint(branchId: string): Promise<string | null> {
    const call = { to: "list a branch's endpoints", path: `${this.#branch(branchId)}/endpoints` };
    const { endpoints } = await this.#read(call, z.object({ endpoints: z.array(endpointSchema) }));
    return endpoints.find(({ type }) => type === "read_write")?.id ?? null;
  }

  async createEndpoint(branchId: string): Promise<string> {
    const json = { endpoint: { branch_id: branchId, type: "read_write" } };
    const call = { to: "make an endpoint", method: "POST", path: `${this.#project}/endpoints`, json } as const;
    return (await this.#read(call, z.object({ endpoint: endpointSchema }))).endpoint.id;
  }

  /** The first database of a branch and the role that owns it; null where it has none. */
  async findDatabase(branchId: string): Promise<{ database: string; role: string } | null> {
    const call = { to: "list a branch's databases", path: `${this.#branch(branchId)}/databases` };
    const { databases } = await this.#read(call, z.object({ databases: z.array(databaseSchema) }));
    const [first] = databases.sort((one, other) => one.id - other.id);
    return first === undefined ? null : { database: first.name, role: first.owner_name };
  }

  /** Draws a new password for a role of a branch; it is good when the operations that are answered have finished. */
  async resetPassword(branchId: string, role: string): Promise<string[]> {
    const path = `${this.#branch(branchId)}/roles/${encodeURIComponent(role)}/reset_password`;
    const answer = await this.#read({ to: "draw a password", method: "POST", path }, z.object({ operations }));
    return (answer.operations ?? []).map(({ id }) => id);
  }

  async operationStatus(id: string): Promise<string> {
    const call = { to: "show an operation", path: `${this.#project}/operations/${encodeURIComponent(id)}` };
    return (await this.#read(call, z.object({ operation: operationSchema }))).operation.status;
  }

  /** Where a database is reached, with the password of the role. */
  async connectionUri(of: { branchId: string; endpointId: string; database: string; role: string }): Promise<string> {
    const query = {
      branch_id: of.branchId,
      endpoint_id: of.endpointId,
      database_name: of.database,
      role_name: of.role,
    };
    const call = { to: "say where a database is reached", path: `${this.#project}/connection_uri`, query };
    return (await this.#read(call, z.object({ uri: z.string().min(1) }))).uri;
  }

  #branch = (id: string): string => `${this.#project}/branches/${encodeURIComponent(id)}`;

  async #read<S extends z.ZodType>(call: ProviderCall, schema: S): Promise<z.output<S>> {
    return parse(call, await this.#call(call), schema);
  }
}

/** What is not understood is told without what it was: it may hold a password. */
function parse<S extends z.ZodType>({ to }: Pick<ProviderCall, "to">, answer: ProviderAnswer, schema: S): z.output<S> {
  const parsed = schema.safeParse(answer.json());
  if (parsed.success) return parsed.data;
  throw new ProviderError("unreachable", `Neon answered something unknown when it was asked to ${to}.`);
}
