import type { AnyNode, Expression, Function as FunctionNode, Pattern, Statement } from "acorn";

import type { Piece, Spot } from "./insertions.ts";

/**
 * Finds where ticks go. All that repeats passes through one: bodies of loops and functions, initialisers of fields, classes,
 * and the parameters of generators, whose bodies may never begin. What catches begins by asking whether it may.
 */
export class TickFinder {
  readonly spots: Spot[] = [];

  /** Takes a node that was just read; what is inside it came before. */
  see(node: AnyNode): void {
    if (isLoop(node)) this.#loop(node.body);
    else if (node.type === "CatchClause") this.#add(node.body.start + 1, "rethrow");
    else if (node.type === "TryStatement" && node.finalizer) this.#add(node.finalizer.start + 1, "rethrow");
    else if (node.type === "ClassBody") this.#add(node.start + 1, "tickStatic");
    else if (node.type === "PropertyDefinition" && node.value) this.#expression(node.value);
    else if (node.type === "ImportExpression" && node.source.type !== "Literal")
      this.#around(node.source, "openImport", "closeImport");
  }

  /** Takes a function with its body. */
  seeFunction({ body, params, generator }: FunctionNode): void {
    if (generator) for (const param of params) this.#pattern(param);
    if (body.type !== "BlockStatement") this.#around(body, "openBracket", "closeBracket");
    else {
      const directive = body.body.findLast((statement) => "directive" in statement && statement.directive);
      if (directive) this.#add(directive.end, "tickAfter");
      else this.#add(body.start + 1, "tick");
    }
  }

  #loop(body: Statement): void {
    if (body.type === "BlockStatement") this.#add(body.start + 1, "tick");
    else this.#around(body, "openBlock", "closeBlock");
  }

  #pattern(pattern: Pattern): void {
    if (pattern.type === "AssignmentPattern") {
      this.#expression(pattern.right);
      this.#pattern(pattern.left);
    } else if (pattern.type === "RestElement") {
      this.#pattern(pattern.argument);
    } else if (pattern.type === "ArrayPattern") {
      for (const element of pattern.elements) if (element !== null) this.#pattern(element);
    } else if (pattern.type === "ObjectPattern") {
      for (const property of pattern.properties) {
        if (property.type === "Property" && property.computed)
          this.#around(property.key, "openBracket", "closeBracket");
        this.#pattern(property.type === "Property" ? property.value : property);
      }
    }
  }

  /** Functions and classes take their name from where they stand, and have ticks of their own. */
  #expression(expression: Expression): void {
    if (/^(?:(?:Arrow)?Function|Class)Expression$/.test(expression.type)) return;
    this.#around(expression, "openBracket", "closeBracket");
  }

  #around({ start, end }: { start: number; end: number }, open: Piece, close: Piece): void {
    this.#add(start, open);
    this.#add(end, close);
  }

  #add(offset: number, piece: Piece): void {
    this.spots.push({ offset, piece });
  }
}

type Loop = Extract<AnyNode, { type: `${"While" | "DoWhile" | "For" | "ForIn" | "ForOf"}Statement` }>;

const LOOPS = new Set(["WhileStatement", "DoWhileStatement", "ForStatement", "ForInStatement", "ForOfStatement"]);
const isLoop = (node: AnyNode): node is Loop => LOOPS.has(node.type);
