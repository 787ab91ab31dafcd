import type { AnyNode } from "acorn";

import type { CodeUses } from "../../../../contracts/projection.ts";

/** Names of the global object, by which all the rest can be had. */
const EVERYTHING = ["globalThis", "self", "global"];
const CONSOLE = new Set(["console", ...EVERYTHING]);
const FETCH = new Set(["fetch", "WebSocket", "EventSource", "navigator", ...EVERYTHING]);
/** What makes bodies of no known end, gives those of others, or leads to something of that kind without naming it. */
const STREAMS = new Set([
  "fetch",
  "ReadableStream",
  "WritableStream",
  "TransformStream",
  "IdentityTransformStream",
  "FixedLengthStream",
  "CompressionStream",
  "DecompressionStream",
  "TextDecoderStream",
  "TextEncoderStream",
  "HTMLRewriter",
  "WebSocket",
  "EventSource",
  "body",
  "clone",
  "stream",
  "readable",
  "writable",
  "pipeThrough",
  "pipeTo",
  "tee",
  "getReader",
  "asyncIterator",
  "iterator",
  "constructor",
  "prototype",
  "__proto__",
  "getPrototypeOf",
  "getOwnPropertyDescriptor",
  "getOwnPropertyDescriptors",
  "Reflect",
  ...EVERYTHING,
]);
/** Built-in modules through which all of it can be had. */
const RUNTIME_MODULE = /^(?:cloudflare:|node:)/;

/**
 * Finds what a module refers to, or might. A handler's own name is no reference to `fetch`. Only streams are looked for in
 * hidden places too, since nothing refuses them at run time.
 */
export class UsesFinder {
  readonly #named = new Map<string, number>();
  #hidden = false;
  #imports = false;

  /** Takes a node that was just read; what is inside it came before. */
  see(node: AnyNode): void {
    switch (node.type) {
      case "Identifier":
        this.#count(node.name, 1);
        break;
      case "Literal":
        if (typeof node.value === "string" && STREAMS.has(node.value)) this.#hidden = true;
        break;
      case "TemplateElement":
        if (STREAMS.has(node.value.cooked ?? "")) this.#hidden = true;
        break;
      case "MemberExpression":
        if (node.computed) this.#key(node.property);
        else if (node.property.type === "Identifier" && !isGlobal(node.object)) this.#member(node.property.name);
        break;
      case "Property":
        if (node.computed) this.#key(node.key);
        else if (!node.shorthand && node.key.type === "Identifier") this.#member(node.key.name);
        break;
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node.computed) this.#key(node.key);
        else if (node.key.type === "Identifier") this.#member(node.key.name);
        break;
      case "FunctionDeclaration":
      case "FunctionExpression":
        if (node.generator) this.#hidden = true;
        break;
      case "ImportExpression":
        this.#imports = true;
        break;
      default:
    }
  }

  /** What the module uses, now that it was read. */
  found(specifiers: readonly string[]): CodeUses {
    const runtime = this.#imports || specifiers.some((specifier) => RUNTIME_MODULE.test(specifier));
    const names = (wanted: ReadonlySet<string>): boolean =>
      [...this.#named].some(([name, count]) => count > 0 && wanted.has(name));
    return {
      console: runtime || names(CONSOLE),
      fetch: runtime || names(FETCH),
      streams: runtime || this.#hidden || names(STREAMS),
    };
  }

  #count(name: string, by: number): void {
    if (!CONSOLE.has(name) && !FETCH.has(name) && !STREAMS.has(name)) return;
    this.#named.set(name, (this.#named.get(name) ?? 0) + by);
  }

  /** A name behind a dot or in front of a colon is not the global of that name. */
  #member(name: string): void {
    if (name === "fetch" || name === "console") this.#count(name, -1);
  }

  #key(key: { type: string; value?: unknown }): void {
    const known = key.type === "Literal" && (typeof key.value === "number" || typeof key.value === "string");
    if (!known) this.#hidden = true;
  }
}

const isGlobal = (node: { type: string; name?: string }): boolean =>
  node.type === "Identifier" && EVERYTHING.includes(node.name ?? "");
