import type { Issue } from "../../../contracts/errors.ts";
import { CODE_EXTENSIONS, isCode } from "./files.ts";
import { refuseOne } from "./issues.ts";
import type { Linker } from "./link.ts";
import type { CompiledModule } from "./module.ts";
import { nearest } from "./near.ts";

/** Names an entry file goes by, without extension, the first that is there counts. */
const ENTRY_NAMES = ["index", "main", "src/index", "src/main", "worker", "src/worker"];
/** Expressions that can be neither a function nor an object. */
const PLAIN_VALUES = new Set([
  "Literal",
  "TemplateLiteral",
  "ArrayExpression",
  "UnaryExpression",
  "UpdateExpression",
  "BinaryExpression",
]);

const HOW =
  'Write `export default { fetch(request) { return new Response("hello"); } }` or `export default function (request) { … }`.';

/** The path of the entry file: the one named, else the only one with code, else one with a usual name. */
export function chooseMain(paths: ReadonlySet<string>, wanted: string | undefined): string {
  const code = [...paths].filter(isCode);
  if (wanted !== undefined) {
    const path = wanted.replace(/^\.\//, "");
    if (code.includes(path)) return path;
    if (paths.has(path)) return refuseOne("cannot be the entry file: it holds no code.", path);
    const near = nearest(path, code);
    const advice = near.length === 0 ? list(code) : `Did you mean ${near.join(" or ")}?`;
    return refuseOne(`\`main\` names ${JSON.stringify(wanted.slice(0, 200))}, which is not among the files. ${advice}`);
  }
  const [only, second] = code;
  if (only === undefined) return refuseOne(`it has no code. Add a file that ends in ${CODE_EXTENSIONS.join(" ")}.`);
  if (second === undefined) return only;
  for (const name of ENTRY_NAMES) {
    for (const extension of CODE_EXTENSIONS) if (paths.has(name + extension)) return name + extension;
  }
  return refuseOne(`several files could be the entry. Name one as \`main\`. ${list(code)}`);
}

/** Why the entry file does not make a script of its kind; null when it does. */
export function entryIssue(
  linker: Linker,
  main: CompiledModule,
  kind: "endpoint" | "module",
  source: string,
): Issue | null {
  const { exports, stars, defaultExport } = main.record;
  if (kind === "module") {
    if (exports.size + stars.length > 0) return null;
    return {
      file: main.path,
      line: 1,
      column: 1,
      reason: `exports nothing.${commonJs(source)} Export what others may import.`,
    };
  }
  if (!linker.exports(main.path, "default")) {
    return { file: main.path, line: 1, column: 1, reason: `has no default export.${commonJs(source)} ${HOW}` };
  }
  if (defaultExport === null || !PLAIN_VALUES.has(defaultExport.type)) return null;
  return main.issue(defaultExport.start, `The default export is neither a function nor an object. ${HOW}`);
}

const list = (paths: string[]): string =>
  `Files with code: ${paths.slice(0, 10).join(", ")}${paths.length > 10 ? ", …" : ""}.`;

const commonJs = (source: string): string =>
  /\b(?:module\.exports|exports\.[\w$]+)\s*=[^=]/.test(source) ? " CommonJS exports do not count." : "";
