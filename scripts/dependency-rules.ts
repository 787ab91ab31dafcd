import * as z from "zod";

const dependenciesSchema = z.record(z.string(), z.string()).default({});

const manifestSchema = z.looseObject({
  dependencies: dependenciesSchema,
  devDependencies: dependenciesSchema,
  optionalDependencies: dependenciesSchema,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
});

const packageSchema = z.looseObject({
  version: z.string().default(""),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
  link: z.boolean().default(false),
  dev: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
  dependencies: dependenciesSchema,
  optionalDependencies: dependenciesSchema,
});
type Package = z.output<typeof packageSchema>;

const lockSchema = z.looseObject({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), packageSchema),
});

const REGISTRY = "https://registry.npmjs.org/";
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
/** A place to get a package from that is no registry: a repository, an archive, a folder. */
const ELSEWHERE = /^(?:git|github|gitlab|bitbucket|gist|https?|file|link|workspace)[:+]|^git@|^[^@:]*\//;
const HASH = /^sha512-[\w+/]{86}==$/;

/** Licences that a package of production may have. They ask for no more than to be named. */
const LICENCES = new Set([
  "MIT",
  "MIT-0",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "CC0-1.0",
  "BlueOak-1.0.0",
]);
/** What has another one, and why it may: tools beside the platform, unchanged, and no part of what is deployed. */
const OTHER_LICENCES: readonly [name: RegExp, licences: readonly string[]][] = [
  // Comes with the local runtime and changes pictures, which nothing here does.
  [/^@img\/sharp-/, ["LGPL-3.0-or-later"]],
  // Comes with a bundler that a framework of the sign-in library would use.
  [/^lightningcss(?:-|$)/, ["MPL-2.0"]],
];
/** Packages that decide who somebody is. Two generations of one would be two sets of faults, of which one is forgotten. */
const OF_SIGN_IN =
  /^(?:better-auth|better-call|jose|asn1js|@better-auth\/.+|@better-fetch\/.+|@noble\/.+|@peculiar\/.+|@simplewebauthn\/.+|@xmldom\/.+)$/;

/** What was found, and among how many packages. */
export interface Audit {
  /** In words, one for each. */
  faults: string[];
  packages: number;
  production: number;
}

/** Judges a `package.json` and its `package-lock.json`, without asking anybody. Throws what zod throws where they are none. */
export function auditDependencies(manifestText: string, lockText: string): Audit {
  const manifest = manifestSchema.parse(JSON.parse(manifestText));
  const { packages } = lockSchema.parse(JSON.parse(lockText));
  const installed = Object.entries(packages).filter(([path]) => path !== "");
  const production = installed.filter(([, { dev }]) => !dev);
  const faults = [
    ...manifestFaults(manifest, packages[""]),
    ...installed.flatMap(([path, found]) => sourceFaults(path, found)),
    ...scriptFaults(installed, manifest.allowScripts),
    ...production.filter(([, { link }]) => !link).flatMap(([path, found]) => licenceFaults(path, found)),
    ...generationFaults(production),
  ];
  return { faults, packages: installed.length, production: production.length };
}

type Entry = readonly [path: string, found: Package];

/** The name of a package that is installed at a path. */
const nameAt = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

function manifestFaults(manifest: z.output<typeof manifestSchema>, locked: unknown): string[] {
  const root = manifestSchema.safeParse(locked).data;
  return (["dependencies", "devDependencies", "optionalDependencies"] as const).flatMap((kind) =>
    Object.entries(manifest[kind]).flatMap(([name, version]) => {
      if (!EXACT.test(version)) return [`${name} is asked for as ${version}: name one version exactly`];
      if (root?.[kind][name] === version) return [];
      return [`${name} ${version} is not what package-lock.json has: run npm install`];
    }),
  );
}

function sourceFaults(path: string, found: Package): string[] {
  const { version, resolved, integrity, link, dependencies, optionalDependencies } = found;
  if (link || !path.startsWith("node_modules/")) return [`${path} is a folder and no package of the registry`];
  const faults: string[] = [];
  if (!EXACT.test(version)) faults.push(`${path} has no exact version`);
  if (resolved !== undefined && !resolved.startsWith(REGISTRY)) faults.push(`${path} comes from ${resolved}`);
  if (!HASH.test(integrity ?? "")) faults.push(`${path} has no SHA-512 of what it is`);
  for (const [name, wanted] of Object.entries({ ...dependencies, ...optionalDependencies })) {
    if (ELSEWHERE.test(wanted)) faults.push(`${path} wants ${name} from ${wanted}`);
  }
  return faults;
}

/** Running a script when it is installed is decided on for each package, in `allowScripts`. */
function scriptFaults(installed: readonly Entry[], allowed: Readonly<Record<string, boolean>>): string[] {
  const scripted = new Set(installed.filter(([, found]) => found.hasInstallScript).map(([path]) => nameAt(path)));
  const undecided = [...scripted].filter((name) => !Object.hasOwn(allowed, name));
  const idle = Object.keys(allowed).filter((name) => allowed[name] === true && !scripted.has(name));
  return [
    ...undecided.map((name) => `${name} has an install script that allowScripts says nothing of`),
    ...idle.map((name) => `allowScripts lets ${name} run a script, and it has none`),
  ];
}

function licenceFaults(path: string, { license = "" }: Package): string[] {
  const name = nameAt(path);
  const others = OTHER_LICENCES.filter(([pattern]) => pattern.test(name)).flatMap(([, licences]) => licences);
  const isGood = (one: string): boolean => LICENCES.has(one) || others.includes(one);
  // Of those joined by OR one is enough; those joined by AND hold all.
  const terms = license.replaceAll(/[()]/g, "").split(" OR ");
  if (license !== "" && terms.some((term) => term.split(" AND ").every(isGood))) return [];
  return [`${path} has the licence ${license || "of nobody knows what"}, which is not on the list`];
}

function generationFaults(production: readonly Entry[]): string[] {
  const majors = new Map<string, Set<string>>();
  for (const [path, { version }] of production) {
    const name = nameAt(path);
    if (!OF_SIGN_IN.test(name)) continue;
    majors.set(name, (majors.get(name) ?? new Set()).add(version.split(".")[0] ?? ""));
  }
  return [...majors].flatMap(([name, of]) =>
    of.size < 2 ? [] : [`${name} is there in the major versions ${[...of].sort().join(" and ")}`],
  );
}

const reportSchema = z.object({
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string() })),
  metadata: z.object({ vulnerabilities: z.looseObject({ total: z.number() }) }),
});
const refusalSchema = z.object({ statusCode: z.number().optional(), message: z.string().optional() });

/** What `npm audit --json` said: the packages with grave advisories; or null with the reason why nobody looked. */
export function readAdvisories(output: string): { grave: string[] | null; why: string } {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return { grave: null, why: "npm audit answered no JSON" };
  }
  const report = reportSchema.safeParse(value).data;
  if (report !== undefined) {
    const grave = Object.entries(report.vulnerabilities).filter(([, { severity }]) =>
      /^(?:high|critical)$/.test(severity),
    );
    return { grave: grave.map(([name, { severity }]) => `${name} (${severity})`), why: "" };
  }
  const { statusCode, message } = refusalSchema.safeParse(value).data ?? {};
  return {
    grave: null,
    why: statusCode === undefined ? (message ?? "no report") : `the registry answered ${statusCode}`,
  };
}
