import { relative, resolve, sep } from "node:path";

import {
  build,
  formatMessages,
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  type Message,
  type Metafile,
} from "esbuild";

import { type Issue, PlatformError } from "../../contracts/errors.ts";
import { SOURCE_BYTES_MAX, SOURCE_MAP_BYTES_MAX } from "../../contracts/limits.ts";
import { formatBytes } from "../framework/text.ts";
import { builtIns } from "./built-ins.ts";
import type { Entry } from "./entry.ts";
import { orgModules } from "./org-modules.ts";
import { sizeOf, type Upload } from "./upload.ts";

const MAIN = "index.js";
/** What scripts import from the platform; a package of that name, such as this command's own, is something else. */
const PLATFORM_MODULE = "isola";
const LARGEST_SHOWN = 5;

/** How a bundle speaks to the person. */
export interface BundleReader {
  /** Absolute folder that file names in messages are relative to. */
  cwd: string;
  color: boolean;
}

/**
 * Bundles an entry with all it imports into one ES module for the platform's isolates.
 * @throws PlatformError `invalid` with an issue for each place, and `frames` with the code around them; `too_large`.
 */
export async function bundle(entry: Entry, reader: BundleReader): Promise<Upload> {
  const result = await build(bundleSettings(entry, reader)).catch(async (error: unknown) => {
    throw await bundleRefusal(error, reader);
  });
  return toUpload(result, reader);
}

/** What a build made, ready to send. Throws PlatformError `too_large`. */
export async function toUpload(result: BuildResult<typeof OUTPUT>, reader: BundleReader): Promise<Upload> {
  const text = (extension: string): string =>
    result.outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? "";
  const files = { [MAIN]: text(".js") };
  const sizeBytes = sizeOf(files);
  if (sizeBytes > SOURCE_BYTES_MAX) throw tooLarge(sizeBytes, result.metafile);
  const sourceMap = fittingMap(text(".js.map"));
  const warnings = await formatMessages(result.warnings, { kind: "warning", color: reader.color });
  if (sourceMap === null) warnings.push("The source map is too large: stacks in the log will show the bundle's lines.");
  return { files, main: MAIN, sourceMap, sizeBytes, external: externalsOf(result.metafile), warnings };
}

const OUTPUT = { write: false, metafile: true } as const;

/** How every bundle is made, for the builder. */
export const bundleSettings = ({ file, root }: Entry, reader: BundleReader) =>
  ({
    ...OUTPUT,
    absWorkingDir: reader.cwd,
    entryPoints: [{ in: file, out: "index" }],
    bundle: true,
    logLevel: "silent",
    // Only names the files in the source map; nothing is written.
    outdir: root,
    platform: "neutral",
    format: "esm",
    target: "esnext",
    // Engines do not run these yet, whatever "esnext" says.
    supported: { decorators: false },
    conditions: ["workerd", "worker", "browser", "module"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", PLATFORM_MODULE],
    plugins: [builtIns, orgModules],
    define: { "process.env.NODE_ENV": '"production"' },
    loader: { ".txt": "text", ".html": "text" },
    sourcemap: "external",
    keepNames: true,
    charset: "utf8",
  }) as const satisfies BuildOptions;

/** The names that are left to the platform without it being clear that it knows them. */
function externalsOf({ outputs }: Metafile): string[] {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const names = imports.filter(({ external }) => external === true).map(({ path }) => path);
  return [...new Set(names)].filter((name) => name !== PLATFORM_MODULE && !name.includes(":")).sort();
}

function fittingMap(map: string): string | null {
  if (Buffer.byteLength(map) <= SOURCE_MAP_BYTES_MAX) return map;
  const { sourcesContent: _, ...positions } = JSON.parse(map) as Record<string, unknown>;
  const smaller = JSON.stringify(positions);
  return Buffer.byteLength(smaller) <= SOURCE_MAP_BYTES_MAX ? smaller : null;
}

function tooLarge(sizeBytes: number, metafile: Metafile): PlatformError {
  const output = Object.values(metafile.outputs).find((candidate) => candidate.entryPoint !== undefined);
  const largest = Object.entries(output?.inputs ?? {})
    .map(([path, input]) => ({ path, bytes: input.bytesInOutput }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST_SHOWN)
    .map(({ path, bytes }) => ({ file: path, reason: formatBytes(bytes) }));
  return new PlatformError(
    "too_large",
    `The bundle has ${formatBytes(sizeBytes)}; a script may have ${formatBytes(SOURCE_BYTES_MAX)}. The largest files in it:`,
    { issues: largest },
  );
}

/** A failed build as a refusal that shows each place; whatever else was thrown comes back as it is. */
export async function bundleRefusal(error: unknown, reader: BundleReader): Promise<unknown> {
  if (!isBuildFailure(error)) return error;
  const messages = error.errors.map(withAdvice);
  const frames = await formatMessages(messages, { kind: "error", color: reader.color });
  const count = messages.length === 1 ? "is an error" : `are ${messages.length} errors`;
  return new PlatformError("invalid", `Nothing was deployed: there ${count} in the code.`, {
    issues: messages.map((message) => issueOf(message, reader.cwd)),
    frames: frames.join(""),
  });
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && "errors" in error && Array.isArray(error.errors);

/** esbuild's own advice on a missing package is about esbuild's options; what helps here is to install it. */
function withAdvice(message: Message): Message {
  const [, specifier] = /^Could not resolve "([^"]+)"$/.exec(message.text) ?? [];
  if (specifier === undefined || /^[./]/.test(specifier)) return message;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const text = `The package is not installed here: run \`npm install ${name}\` in the folder of your code.`;
  return { ...message, notes: [{ text, location: null }] };
}

function issueOf({ text, location }: Message, cwd: string): Issue {
  if (location === null) return { reason: text };
  const file = relative(cwd, resolve(cwd, location.file)).split(sep).join("/");
  return { file, line: location.line, column: location.column + 1, reason: text };
}
