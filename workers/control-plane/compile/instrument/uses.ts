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
    if (node.type === "Identifier") this.#count(node.name, 1);
    else if (node.type === "Literal") this.#text(node.value);
    else if (node.type === "TemplateElement") this.#text(node.value.cooked);
    else if (node.type === "MemberExpression") this.#key(node.property, node.computed, isGlobal(node.object));
    else if (node.type === "Property") this.#key(node.key, node.computed, node.shorthand);
    else if (node.type === "MethodDefinition" || node.type === "PropertyDefinition") {
      this.#key(node.key, node.computed, false);
    } else if (node.type === "FunctionDeclaration" || node.type === "FunctionExpression") {
      if (node.generator) this.#hidden = true;
    } else if (node.type === "ImportExpression") this.#imports = true;
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

  #text(value: unknown): void {
    if (typeof value === "string" && STREAMS.has(value)) this.#hidden = true;
  }

  /** A name behind a dot or in front of a colon is not the global of that name; `isGlobal` says that it is one all the same. */
  #key(key: AnyNode, computed: boolean, isGlobal: boolean): void {
    if (computed) {
      if (key.type !== "Literal" || (typeof key.value !== "number" && typeof key.value !== "string"))
        this.#hidden = true;
    } else if (key.type === "Identifier" && !isGlobal && (key.name === "fetch" || key.name === "console")) {
      this.#count(key.name, -1);
    }
  }
}

const isGlobal = (node: AnyNode): boolean => node.type === "Identifier" && EVERYTHING.includes(node.name);
