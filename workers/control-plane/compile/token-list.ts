import type { Token } from "sucrase/dist/esm/parser/index.js";
import { IdentifierRole, isNonTopLevelDeclaration } from "sucrase/dist/esm/parser/tokenizer/index.js";
import { TokenType } from "sucrase/dist/esm/parser/tokenizer/types.js";

import { Fault } from "./fault.ts";

/** Work that finding shadowed imports may take: declarations times tokens. */
const SHADOW_STEPS_MAX = 50_000_000;
/** Words with which a statement begins that is gone once the types are. */
const TYPE_STATEMENT = new Set(["type", "interface", "declare", "export", "function", "async", "namespace", "module"]);
/** Characters that continue the line before when they begin one. */
const CONTINUES = /^[([`/+-]/;

/** The tokens of a TypeScript source, with what must be known of them before the types are taken out. */
export class TokenList {
  readonly #source: string;
  readonly #tokens: readonly Token[];

  constructor(source: string, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  /** @throws {Fault} at what is valid TypeScript and would vanish, or mean something else, without its types. */
  refuseWhatWouldBeLost(): void {
    const imported = new Set<string>();
    let redeclared = 0;
    for (let index = 0; index < this.#tokens.length; index++) {
      const token = this.#tokens[index];
      if (token === undefined) break;
      if (token.isType && this.#text(index) === "declare") index = this.#endOfAmbientBlock(index);
      else this.#refuseAt(index, token);
      if (token.identifierRole === IdentifierRole.ImportDeclaration) imported.add(this.#text(index));
      else if (isNonTopLevelDeclaration(token) && imported.has(this.#text(index))) redeclared++;
    }
    if (redeclared * this.#tokens.length > SHADOW_STEPS_MAX) {
      throw new Fault(0, "declares names that it also imports, too often to be read. Rename them.");
    }
  }

  /**
   * Offsets at which a semicolon keeps two statements apart when a type between them goes:
   * `let x = a`, `type T = 1`, `;[1].map(f)`, each on a line, would become `let x = a[1].map(f)`.
   */
  semicolonsToAdd(): number[] {
    const offsets: number[] = [];
    for (let index = 1; index < this.#tokens.length; index++) {
      const token = this.#tokens[index];
      if (!token?.isType || this.#tokens[index - 1]?.isType || !TYPE_STATEMENT.has(this.#text(index))) continue;
      let after = index;
      while (this.#tokens[after]?.isType) after++;
      if (CONTINUES.test(this.#text(after)) && !/^[;{]$/.test(this.#text(index - 1))) offsets.push(token.start);
    }
    return offsets;
  }

  /**
   * The functions that make elements, as `@jsx` and `@jsxFrag` comments before the first statement name them.
   * @throws {Fault} at the first element when nothing does.
   */
  jsxNames(): { jsxPragma?: string; jsxFragmentPragma?: string } {
    const element = this.#tokens.find((token) => token.type === TokenType.jsxTagStart);
    if (element === undefined) return {};
    const head = this.#source.slice(0, this.#tokens[0]?.start ?? 0);
    const make = /@jsx\s+([\w$.]+)/.exec(head)?.[1];
    if (make === undefined) {
      throw new Fault(
        element.start,
        "JSX needs a function that makes elements. Deploy with `isola deploy`, which bundles the JSX runtime, or name your own by a first line /** @jsx h */.",
      );
    }
    const fragment = /@jsxFrag\s+([\w$.]+)/.exec(head)?.[1];
    return { jsxPragma: make, jsxFragmentPragma: fragment ?? make };
  }

  #text(index: number): string {
    const token = this.#tokens[index];
    return token === undefined ? "" : this.#source.slice(token.start, token.end);
  }

  #refuseAt(index: number, token: Token): void {
    if (token.type === TokenType.at) {
      throw new Fault(
        token.start,
        "Decorators are not part of JavaScript. Deploy with `isola deploy`, which compiles them.",
      );
    }
    if (token.type === TokenType._export && this.#tokens[index + 1]?.type === TokenType.eq) {
      throw new Fault(token.start, "`export =` is CommonJS. Write `export default`.");
    }
    if (token.type === TokenType._import && this.#isImportByRequire(index)) {
      throw new Fault(token.start, "`import … = require()` is CommonJS. Write `import … from`.");
    }
    if (token.isType && this.#isNamespace(index)) {
      throw new Fault(
        token.start,
        "Namespaces that hold code are not supported. Put the code in a file of its own; write `declare namespace` where there are only types.",
      );
    }
  }

  #isImportByRequire(index: number): boolean {
    return (
      this.#tokens[index + 2]?.type === TokenType.eq &&
      this.#text(index + 3) === "require" &&
      this.#text(index + 4) === "("
    );
  }

  #isNamespace(index: number): boolean {
    const word = this.#text(index);
    let name = index + 1;
    if ((word !== "namespace" && word !== "module") || this.#tokens[name]?.type !== TokenType.name) return false;
    while (this.#text(name + 1) === ".") name += 2;
    return this.#text(name + 1) === "{";
  }

  /** Last token of the block of a `declare namespace`, `declare module` or `declare global`; else the token itself. */
  #endOfAmbientBlock(index: number): number {
    if (!["namespace", "module", "global"].includes(this.#text(index + 1))) return index;
    let depth = 0;
    for (let at = index + 2; at < this.#tokens.length; at++) {
      const text = this.#text(at);
      if (text === "{") depth++;
      else if (text === "}" && --depth === 0) return at;
      else if (depth === 0 && !this.#tokens[at]?.isType) return at - 1;
    }
    return this.#tokens.length;
  }
}
