import type { Operation, Parameter } from "./document.ts";
import { sampleOf } from "./sample.ts";

/** Answers a GET of the API: its JSON, or null when it is refused. */
export type Look = (path: string) => Promise<unknown>;

/** What everything in the victim is called that has a name of its own. */
export const KEPT = "kept";

/**
 * Finds what there is under a path, so that who must not touch it names something real. `look` asks as somebody who
 * sees everything. What is listed at the path before a parameter gives it its value.
 */
export class Names {
  readonly #look: Look;
  readonly #found = new Map<string, Promise<Record<string, unknown> | null>>();

  constructor(look: Look) {
    this.#look = look;
  }

  /** The value of a parameter behind a path; null when nothing is listed there. */
  async nameAt(path: string, { name }: Parameter): Promise<string | null> {
    const found = this.#found.get(path) ?? this.#first(path);
    this.#found.set(path, found);
    const item = await found;
    if (item === null) return null;
    const user = item["user"] as Record<string, unknown> | undefined;
    const value = [item[name], item["id"], item["name"], item["key"], item["collection"], user?.["id"]].find(
      (candidate) => typeof candidate === "string",
    );
    return typeof value === "string" ? value : null;
  }

  async #first(path: string): Promise<Record<string, unknown> | null> {
    const answer = (await this.#look(path)) as { items?: unknown[] } | null;
    const [item] = Array.isArray(answer?.items) ? answer.items : [];
    return typeof item === "object" && item !== null ? (item as Record<string, unknown>) : null;
  }
}

/**
 * An operation's path for an org, its other parameters filled in: with what there is where `names` are given, else with
 * what names nothing. `spell` writes the slug.
 */
export async function addressOf(
  { path, pathParameters }: Operation,
  slug: string,
  names: Names | null,
  spell: (slug: string) => string = (text) => text,
): Promise<string> {
  const values: string[] = [];
  let plain = "";
  const parts = path.split(/\{(\w+)\}/);
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) plain += part;
    else {
      const parameter = pathParameters.find(({ name }) => name === part);
      if (parameter === undefined) throw new Error(`${path} does not say what {${part}} is`);
      const value = part === "slug" ? slug : await valueOf(parameter, plain.replace(/\/$/, ""), names);
      values.push(part === "slug" ? spell(slug) : encodeURIComponent(value));
      plain += encodeURIComponent(value);
    }
  }
  return parts.map((part, index) => (index % 2 === 0 ? part : values[(index - 1) / 2])).join("");
}

async function valueOf(parameter: Parameter, before: string, names: Names | null): Promise<string> {
  const sample = String(sampleOf(parameter.schema, parameter.name));
  if (names === null) return sample;
  const isFree = !("enum" in parameter.schema) && !sample.includes("_0000");
  return (await names.nameAt(before, parameter)) ?? (isFree ? KEPT : sample);
}

/** The query that an operation cannot do without; `broken` makes it one that cannot be read. */
export function queryOf({ queryParameters }: Operation, broken: boolean): string {
  const query = new URLSearchParams();
  for (const { name, required, schema } of queryParameters) {
    if (broken) query.set(name, "\u0000");
    else if (required) query.set(name, String(sampleOf(schema, name)));
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}
