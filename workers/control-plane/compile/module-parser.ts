import {
  Parser,
  type AnyNode,
  type Function as FunctionNode,
  type ImportExpression,
  type Node,
  type Options,
  type Program,
} from "acorn";

import { Reading } from "./instrument/reading.ts";
import { RegExpBudget } from "./regexp-budget.ts";

/** The parser's parts that a plugin may replace; acorn documents them in prose only. */
interface ParserParts {
  scopeStack: { var: NameList; lexical: NameList; functions: NameList }[];
  parse(): Program;
  enterScope(flags: number): void;
  parseFunctionBody(node: Node & { body?: unknown }, ...rest: unknown[]): void;
  finishNode(node: Node, type: string): Node;
  validateRegExpFlags(state: { source: string; start: number }): void;
}
const ParserBase = Parser as unknown as new (options: Options, input: string) => ParserParts;

/**
 * The parser of modules. It collects dynamic imports as it goes, and lets function bodies go once they are
 * checked, so that the memory a bundle takes grows with its top level and not with its size.
 */
export class ModuleParser extends ParserBase {
  declare dynamicImports: ImportExpression[] | undefined;
  readonly reading = new Reading();
  readonly #regExps = new RegExpBudget();

  constructor(code: string) {
    super({ ecmaVersion: "latest", sourceType: "module" }, code);
  }

  override enterScope(flags: number): void {
    super.enterScope(flags);
    const scope = this.scopeStack.at(-1);
    if (scope !== undefined)
      Object.assign(scope, { var: new NameList(), lexical: new NameList(), functions: new NameList() });
  }

  override parseFunctionBody(node: Node & { body?: unknown }, ...rest: unknown[]): void {
    super.parseFunctionBody(node, ...rest);
    this.reading.seeFunction(node as unknown as FunctionNode);
    node.body = null;
  }

  override validateRegExpFlags(state: { source: string; start: number }): void {
    this.#regExps.spend(state.source, state.start);
    super.validateRegExpFlags(state);
  }

  override finishNode(node: Node, type: string): Node {
    const finished = super.finishNode(node, type);
    this.reading.see(finished as AnyNode);
    if (type === "ImportExpression") (this.dynamicImports ??= []).push(finished as ImportExpression);
    return finished;
  }
}

/** Names declared in a scope. The parser looks each new one up, which in a plain list makes a long file take minutes. */
class NameList {
  readonly #few: string[] = [];
  #many: Set<string> | null = null;

  /** The first name, for which the parser asks by index. */
  get 0(): string | undefined {
    return this.#few[0];
  }

  push(name: string): void {
    if (this.#many !== null) this.#many.add(name);
    else if (this.#few.push(name) > FEW) this.#many = new Set(this.#few);
  }

  indexOf(name: string): number {
    if (this.#many === null) return this.#few.indexOf(name);
    return this.#many.has(name) ? 0 : -1;
  }
}

/** Names up to which a plain list is faster than a set. */
const FEW = 16;
