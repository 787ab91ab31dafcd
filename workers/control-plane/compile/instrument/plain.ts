import type { AnyNode, Expression, SpreadElement } from "acorn";

/** Nodes that neither repeat nor run code that is not in front of one's eyes. */
const HARMLESS = new Set<AnyNode["type"]>([
  "Program",
  "ExportDefaultDeclaration",
  "VariableDeclaration",
  "VariableDeclarator",
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "BlockStatement",
  "EmptyStatement",
  "ExpressionStatement",
  "IfStatement",
  "ReturnStatement",
  "ConditionalExpression",
  "LogicalExpression",
  "ObjectExpression",
  "Property",
  "Identifier",
  "Literal",
  "TemplateLiteral",
  "TemplateElement",
  "NewExpression",
]);
/** What may be made with `new`, of plain values. */
const MADE = "Response";
/** The names of functions that only the platform calls. */
const HANDLER = "fetch";

/**
 * Finds modules that have no use for ticks: nothing in them repeats or calls anything, all that happens is that a handler
 * makes a response of plain values. That `Response` is the runtime's own shows in that it is named only to be made.
 */
export class PlainCheck {
  #harmless = true;
  #functions = 0;
  #handlers = 0;
  #named = 0;
  #made = 0;

  /** Takes a node that was just read; what is inside it came before. */
  see(node: AnyNode): void {
    if (!this.#harmless) return;
    if (!HARMLESS.has(node.type)) this.#harmless = false;
    else if (node.type === "Identifier" && node.name === MADE) this.#named++;
    else if (node.type === "NewExpression") this.#make(node.callee, node.arguments);
    else if (node.type === "TemplateLiteral") this.#harmless = node.expressions.length === 0;
    else if (isFunction(node)) this.#function(node);
    else if (node.type === "ExportDefaultDeclaration" && isFunction(node.declaration)) this.#handlers++;
    else if (node.type === "Property") {
      if (node.computed || node.kind !== "init") this.#harmless = false;
      else if (isFunction(node.value) && node.key.type === "Identifier" && node.key.name === HANDLER) this.#handlers++;
    }
  }

  /** Whether the whole module, now that it was read, goes without ticks. */
  get isPlain(): boolean {
    return this.#harmless && this.#functions === this.#handlers && this.#named === this.#made;
  }

  #make(callee: Expression | { type: "Super" }, parts: readonly (Expression | SpreadElement)[]): void {
    this.#made++;
    if (callee.type !== "Identifier" || callee.name !== MADE || !parts.every(isPlainValue)) this.#harmless = false;
  }

  /** By its name one could call itself, or be called when a promise is resolved with an object that has it as `then`. */
  #function({ generator, id, params }: FunctionNode): void {
    this.#functions++;
    if (generator || id || params.some(({ type }) => type !== "Identifier")) this.#harmless = false;
  }
}

type FunctionNode = Extract<
  AnyNode,
  { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
>;

const isFunction = (node: { type: string }): node is FunctionNode =>
  ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type);

function isPlainValue(node: Expression | SpreadElement): boolean {
  if (node.type === "Literal") return true;
  if (node.type === "TemplateLiteral") return node.expressions.length === 0;
  if (node.type !== "ObjectExpression") return false;
  return node.properties.every((part) => part.type === "Property" && !part.computed && isPlainValue(part.value));
}
