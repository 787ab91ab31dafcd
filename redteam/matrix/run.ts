import { addressOf, Names, queryOf } from "./address.ts";
import { type Caller, makeCallers } from "./callers.ts";
import { mutates, type Operation } from "./document.ts";
import { judge, type Refusal, refusalOf } from "./judge.ts";
import type { Verdict } from "./rights.ts";
import { sampleOf, sampleOfChange } from "./sample.ts";
import type { MatrixStage } from "./stage.ts";
import { changesOf, stateOf } from "./state.ts";

const AT_ONCE = 8;
/** Neither JSON, nor what any schema takes. */
const BROKEN_BODY = '{"nothing":';

/** One call and what has to come of it. */
interface MatrixCase {
  operation: Operation;
  caller: Caller;
  verdict: Verdict;
  /** Sent so that it cannot be read: the rights are judged before anything else is looked at. */
  broken: boolean;
}

/** How a whole matrix went. */
export interface MatrixResult {
  endpoints: number;
  callers: number;
  cases: number;
  /** What was answered wrongly, or changed although everything was refused; a line each. */
  wrong: string[];
}

const READ_FIRST: ReadonlySet<Verdict> = new Set<Verdict>(["unauthenticated", "absent", "forbidden", "other_site"]);
const hasInput = ({ body, queryParameters }: Operation): boolean => body !== null || queryParameters.length > 0;

/** Every case of every operation, those that are allowed last: they may change what the others must not. */
export function casesOf(operations: readonly Operation[], callers: readonly Caller[]): MatrixCase[] {
  const cases = operations.flatMap((operation) =>
    callers.flatMap((caller): MatrixCase[] => {
      const verdict = caller.verdict(operation);
      if (verdict === null) return [];
      const usual = { operation, caller, verdict, broken: false };
      const twice = caller.unreadable !== false && READ_FIRST.has(verdict) && hasInput(operation);
      return twice ? [usual, { ...usual, broken: true }] : [usual];
    }),
  );
  return [
    ...cases.filter(({ verdict }) => verdict !== "allowed"),
    ...cases.filter(({ verdict }) => verdict === "allowed"),
  ];
}

/** Calls every operation that the document names as everybody, judges every answer, and tells of each that is wrong. */
export async function runMatrix(stage: MatrixStage, tell: (wrong: string) => void = () => {}): Promise<MatrixResult> {
  const { document, look, sql } = stage;
  const { operations } = document;
  const callers = await makeCallers(document, stage.registrar, stage.orgs, stage.origins);
  const cases = casesOf(operations, callers);
  const refused = cases.filter(({ verdict }) => verdict !== "allowed");
  const names = new Names(look);
  const nowhere = await refusalOfNowhere(stage, callers);
  const wrong: string[] = [];
  const note = (line: string): void => {
    wrong.push(line);
    tell(line);
  };
  const tryAll = async (of: readonly MatrixCase[]): Promise<void> => {
    await inParallel(of, async (each) => {
      const problem = await tryOne(stage, each, names, nowhere).catch(
        (error: unknown) => `could not be tried: ${String(error)}`,
      );
      if (problem !== null) note(lineOf(each, problem));
    });
  };
  const state = () => stateOf(sql, operations, "victim", look);
  // What differs between two looks differs by itself.
  const [first, before] = [await state(), await state()];
  const restless = new Set(changesOf(first, before).map(wordOf));
  await tryAll(refused);
  for (const line of changesOf(before, await state())) {
    if (!restless.has(wordOf(line))) note(`changed by what was refused: ${line.slice(0, 300)}`);
  }
  await tryAll(cases.slice(refused.length));
  return { endpoints: operations.length, callers: callers.length, cases: cases.length + 1, wrong };
}

/** Sign and name of a line of the state. */
const wordOf = (line: string): string => line.split(" ", 2).join(" ");

async function tryOne(
  stage: MatrixStage,
  { operation, caller, verdict, broken }: MatrixCase,
  names: Names,
  nowhere: Refusal,
): Promise<string | null> {
  const target = verdict === "allowed" ? "playground" : "victim";
  const method = caller.method ?? operation.method;
  // A stream has no end to wait for; a query that cannot be read ends it after the rights are judged.
  const query = queryOf(operation, broken || (operation.streams && verdict === "allowed"));
  const path = await addressOf(operation, target, verdict === "allowed" ? null : names, caller.spell);
  const sent = { method, path: path + query, headers: caller.headers(operation, target) };
  const seen = await stage.send(operation.body === null ? sent : { ...sent, body: bodyOf(operation, broken) });
  return judge(seen, verdict, operation, nowhere, method === "HEAD");
}

function bodyOf({ body, method }: Operation, broken: boolean): string {
  if (broken) return BROKEN_BODY;
  return JSON.stringify(method === "PATCH" ? sampleOfChange(body ?? {}) : sampleOf(body ?? {}));
}

/** What the API says of an org that there is not; everything that is hidden must be answered the same. */
async function refusalOfNowhere(stage: MatrixStage, callers: readonly Caller[]): Promise<Refusal> {
  const operation = stage.document.operations.find((each) => each.scope === "org" && !mutates(each));
  const caller = callers.find(
    ({ spell, verdict }) => spell !== undefined && operation !== undefined && verdict(operation),
  );
  if (operation === undefined || caller === undefined)
    throw new Error("The document has nothing to look at in an org.");
  const path = operation.path.replace("{slug}", "there-is-none");
  const { text } = await stage.send({ method: "GET", path, headers: caller.headers(operation, "victim") });
  const refusal = refusalOf(text);
  if (refusal?.code !== "not_found") throw new Error(`An org that there is not was answered ${text}`);
  return refusal;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const run = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
}

const lineOf = ({ operation, caller, verdict, broken }: MatrixCase, problem: string): string =>
  `${operation.method} ${operation.path}, ${caller.name}${broken ? ", unreadable" : ""}: ${problem} (must be ${verdict})`;
