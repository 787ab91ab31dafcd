import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { ModuleImport } from "../../contracts/doors.ts";

/** Raised when the same versions would come to be put together otherwise, so that no isolate is taken for another. */
const LINK_FORMAT = 1;

/** A script as it is live, with what it takes from modules and gives to others. */
export interface Node {
  name: string;
  kind: "endpoint" | "module";
  versionId: string;
  number: number;
  /** Of its own code. */
  hash: string;
  main: string;
  /** By the module's name, each once. */
  imports: ModuleImport[];
  /** Null for an endpoint, and for a module saved before modules could be imported. */
  exports: Exports | null;
}

/** What a module gives, ready to be asked for many names. */
export interface Exports {
  names: ReadonlySet<string>;
  /** Modules whose names it passes on. */
  stars: string[];
  /** Whether it passes on what nobody here can list. */
  open: boolean;
}

/** Where the nodes come from. */
export interface Nodes {
  find(name: string): Node | null;
  /** Names of the live scripts that import a module, in order. */
  usersOf(name: string): string[];
}

/**
 * How the live scripts of an org depend on one another. It remembers what it has read, so one graph
 * lives no longer than the transaction it is made in.
 */
export class Graph {
  readonly #source: Nodes;
  readonly #nodes = new Map<string, Node | null>();
  readonly #hashes = new Map<string, string>();

  constructor(source: Nodes) {
    this.#source = source;
  }

  find(name: string): Node | null {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const node = this.#source.find(name);
    this.#nodes.set(name, node);
    return node;
  }

  usersOf(name: string): string[] {
    return this.#source.usersOf(name);
  }

  /** The first way by which a script depends on itself, from its name to its name; null when there is none. */
  cycleFrom(node: Node): string[] | null {
    const seen = new Set<string>();
    const walk = (from: Node, path: string[]): string[] | null => {
      for (const { module } of from.imports) {
        if (module === node.name) return [...path, module];
        if (seen.has(module)) continue;
        seen.add(module);
        const next = this.find(module);
        const cycle = next === null ? null : walk(next, [...path, module]);
        if (cycle !== null) return cycle;
      }
      return null;
    };
    return walk(node, [node.name]);
  }

  /** The longest chain of modules below a node, without the node itself. The graph below has no cycle. */
  chainBelow(node: Node, known = new Map<string, string[]>()): string[] {
    let longest: string[] = [];
    for (const { module } of node.imports) {
      const next = this.find(module);
      if (next === null) continue;
      const below = known.get(module) ?? this.chainBelow(next, known);
      known.set(module, below);
      if (below.length + 1 > longest.length) longest = [module, ...below];
    }
    return longest;
  }

  /** All modules that a node depends on, each once, by name. */
  modulesOf(node: Node): Node[] {
    const found = new Map<string, Node>();
    const pending = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const { module } of next.imports) {
        const target = found.has(module) ? null : this.find(module);
        if (target === null) continue;
        found.set(module, target);
        pending.push(target);
      }
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Names of all scripts that depend on a module, through others too; the nearest first. */
  dependantsOf(name: string): string[] {
    const found = new Set<string>();
    const pending = [name];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      for (const user of this.usersOf(next)) {
        if (user === name || found.has(user)) continue;
        found.add(user);
        pending.push(user);
      }
    }
    return [...found];
  }

  /** Whether a module gives a name, itself or by what it passes on. */
  gives(module: Node, name: string, seen = new Set<string>()): boolean {
    const { exports } = module;
    if (exports === null || seen.has(module.name)) return false;
    seen.add(module.name);
    if (exports.names.has(name)) return true;
    if (name === "default") return false;
    return exports.open || exports.stars.some((star) => this.#starGives(star, name, seen));
  }

  /** What tells a node's code with that of its modules from any other; its own hash where it imports none. */
  linkedHash(node: Node): string {
    if (node.imports.length === 0) return node.hash;
    const known = this.#hashes.get(node.versionId);
    if (known !== undefined) return known;
    const modules = node.imports.flatMap(({ module }) => {
      const target = this.find(module);
      return target === null ? [] : [[module, target.number, target.main, this.linkedHash(target)]];
    });
    const hash = bytesToHex(sha256(utf8ToBytes(JSON.stringify([LINK_FORMAT, node.hash, modules]))));
    this.#hashes.set(node.versionId, hash);
    return hash;
  }

  #starGives(star: string, name: string, seen: Set<string>): boolean {
    const target = this.find(star);
    return target !== null && this.gives(target, name, seen);
  }
}
