import type {
  Declaration,
  Expression,
  ExportAllDeclaration,
  ExportNamedDeclaration,
  Identifier,
  ImportDeclaration,
  ImportExpression,
  Literal,
  Node,
  Pattern,
  Program,
} from "acorn";

import { Fault, syntaxFault } from "./fault.ts";
import type { Reading } from "./instrument/reading.ts";
import { ModuleParser } from "./module-parser.ts";

/** One place where a module names another. */
export interface ModuleRequest {
  specifier: string;
  /** Offsets of the specifier with its quotes. */
  start: number;
  end: number;
  /** Names taken from the other module, with their offsets. */
  names: { name: string; start: number }[];
  /** Where `with { … }`, or a second argument, follows the specifier; end exclusive. */
  attributes: { end: number; type: string | null } | null;
}

/** What one module wants from others and gives to them. */
export interface ModuleRecord {
  requests: ModuleRequest[];
  exports: Set<string>;
  /** Those of the requests that are `export * from`. */
  stars: ModuleRequest[];
  /** What stands after `export default`, and where. */
  defaultExport: { type: Node["type"]; start: number } | null;
  reading: Reading;
}

/**
 * Reads JavaScript as a module.
 * @throws {Fault} at the first syntax error.
 */
export function parseModule(code: string): ModuleRecord {
  try {
    const parser = new ModuleParser(code);
    return recordOf(parser.parse(), parser.dynamicImports ?? [], parser.reading);
  } catch (error) {
    if (error instanceof RangeError) throw new Fault(0, "is nested too deeply. Divide it into smaller parts.");
    if (!(error instanceof SyntaxError)) throw error;
    const { pos = 0 } = error as SyntaxError & { pos?: number };
    throw syntaxFault(code, pos, error.message);
  }
}

function recordOf(program: Program, dynamicImports: ImportExpression[], reading: Reading): ModuleRecord {
  const record: ModuleRecord = { requests: [], exports: new Set(), stars: [], defaultExport: null, reading };
  for (const node of program.body) {
    if (node.type === "ImportDeclaration") {
      record.requests.push(request(node, node.source, node.specifiers.flatMap(importedName)));
    } else if (node.type === "ExportNamedDeclaration") {
      addNamedExport(record, node);
    } else if (node.type === "ExportAllDeclaration") {
      const all = request(node, node.source, []);
      record.requests.push(all);
      if (node.exported) record.exports.add(nameOf(node.exported));
      else record.stars.push(all);
    } else if (node.type === "ExportDefaultDeclaration") {
      record.exports.add("default");
      record.defaultExport = node.declaration;
    }
  }
  for (const node of dynamicImports) {
    const specifier = literalText(node.source);
    if (specifier === null) continue;
    const { start, end } = node.source;
    const attributes = node.options ? { end: node.end - 1, type: null } : null;
    record.requests.push({ specifier, start, end, names: [], attributes });
  }
  return record;
}

function addNamedExport(record: ModuleRecord, node: ExportNamedDeclaration): void {
  const names = node.specifiers.map(({ local }) => ({ name: nameOf(local), start: local.start }));
  if (node.source) record.requests.push(request(node, node.source, names));
  for (const { exported } of node.specifiers) record.exports.add(nameOf(exported));
  if (node.declaration) for (const name of declaredNames(node.declaration)) record.exports.add(name);
}

function request(
  node: ImportDeclaration | ExportAllDeclaration | ExportNamedDeclaration,
  source: Literal,
  names: ModuleRequest["names"],
): ModuleRequest {
  const { start, end } = source;
  const type = node.attributes.find(({ key }) => nameOf(key) === "type");
  const attributes = node.attributes.length === 0 ? null : { end: node.end, type: String(type?.value.value ?? "") };
  return { specifier: String(source.value), start, end, names, attributes };
}

function importedName(specifier: ImportDeclaration["specifiers"][number]): { name: string; start: number }[] {
  if (specifier.type === "ImportNamespaceSpecifier") return [];
  if (specifier.type === "ImportDefaultSpecifier") return [{ name: "default", start: specifier.start }];
  return [{ name: nameOf(specifier.imported), start: specifier.imported.start }];
}

const nameOf = (node: Identifier | Literal): string => (node.type === "Identifier" ? node.name : String(node.value));

/** The text of a string, or of a template without holes; null for anything that is worked out at run time. */
function literalText(node: Expression): string | null {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type !== "TemplateLiteral" || node.expressions.length > 0) return null;
  return node.quasis[0]?.value.cooked ?? null;
}

function declaredNames(declaration: Declaration): string[] {
  if (declaration.type !== "VariableDeclaration") return [declaration.id.name];
  return declaration.declarations.flatMap(({ id }) => namesIn(id));
}

/** Names that a pattern binds. */
function namesIn(pattern: Pattern): string[] {
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type === "RestElement") return namesIn(pattern.argument);
  if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
  if (pattern.type === "ArrayPattern") return pattern.elements.flatMap((part) => (part === null ? [] : namesIn(part)));
  if (pattern.type !== "ObjectPattern") return [];
  return pattern.properties.flatMap((part) => namesIn(part.type === "RestElement" ? part : part.value));
}
