import type { AnyNode, Function as FunctionNode } from "acorn";

import type { CodeUses } from "../../../../contracts/projection.ts";
import { insertionsAt, OWN_NAME, type Insertion } from "./insertions.ts";
import { PlainCheck } from "./plain.ts";
import { TickFinder } from "./ticks.ts";
import { UsesFinder } from "./uses.ts";

/** What is learnt of a module while a parser reads it; nothing of the tree is kept. */
export class Reading {
  readonly #uses = new UsesFinder();
  readonly #ticks = new TickFinder();
  readonly #plain = new PlainCheck();
  readonly #ownNames = new Set<string>();

  /** Takes each node when it is complete. */
  see(node: AnyNode): void {
    if (node.type === "Identifier" && OWN_NAME.test(node.name)) this.#ownNames.add(node.name);
    this.#uses.see(node);
    this.#plain.see(node);
    this.#ticks.see(node);
  }

  /** Takes each function when its body is complete. */
  seeFunction(node: FunctionNode): void {
    this.#ticks.seeFunction(node);
  }

  /** @param specifiers of the module's imports, as written. */
  uses(specifiers: readonly string[]): CodeUses {
    return this.#uses.found(specifiers);
  }

  /** What makes the module count its processor time, in order; nothing where it has no use for that. */
  insertions(path: string, code: string): Insertion[] {
    if (this.#plain.isPlain) return [];
    const hashbang = /^#!.*(?:\r\n|[\n\r\u2028\u2029])?/.exec(code)?.[0] ?? "";
    return insertionsAt(this.#ticks.spots, path, this.#ownNames, hashbang.length);
  }
}
