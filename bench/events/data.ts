import { load } from "../support/load.ts";
import { median } from "../support/stats.ts";
import type { EventStage } from "./stage.ts";

const ROUNDS = 3;
const ROUND_SECONDS = 3;
const KEYS_PER_BATCH = 100;
const DOCUMENTS = 100_000;
const DOCUMENTS_PER_CALL = 1_000;

const SOURCE = `
import { docs, kv } from "isola";

const items = kv.collection("items");
const things = docs.collection("things");
let writes = 0;
const keys = Array.from({ length: ${KEYS_PER_BATCH} }, (_, index) => "key-" + index);
let me;

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/get": return Response.json(await items.get("key-1"));
      case "/set": me ??= crypto.randomUUID(); await items.set(me + writes++, { name: "a", n: writes }); return new Response("ok");
      case "/many": return Response.json((await items.getMany(keys)).size);
      case "/find": return Response.json((await things.find({ code: "c-" + Math.floor(Math.random() * ${DOCUMENTS}) }, { limit: 1 })).items);
      case "/fill": await items.setMany(keys.map((key, n) => [key, { name: key, n }])); return Response.json(1);
      case "/index": await things.createIndex(["code"]); return Response.json(1);
      case "/seed": {
        const from = Number(searchParams.get("from"));
        await things.insertMany(Array.from({ length: ${DOCUMENTS_PER_CALL} }, (_, index) => ({ code: "c-" + (from + index), n: index })));
        return Response.json(1);
      }
    }
  },
};
`;

/** What scripts get out of kv and docs, one call a request. */
export async function measureData(stage: EventStage, report: (line: string) => void) {
  await stage.deploy("data", SOURCE);
  await stage.api.call("PATCH", "/orgs/data/scripts/main", { limits: { cpuMs: 500 } });
  await stage.get("data", "/fill");
  const { platform } = stage;
  const perSecond = async (path: string): Promise<number> => {
    const { requestsPerSecond, failed } = await load(
      { port: platform.port, host: `data.localhost:${platform.port}`, path },
      ROUND_SECONDS,
    );
    if (failed > 0) throw new Error(`${failed} requests of ${path} failed`);
    return requestsPerSecond;
  };
  await perSecond("/get");
  const reads: number[] = [];
  const writes: number[] = [];
  const batches: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    reads.push(await perSecond("/get"));
    writes.push(await perSecond("/set"));
    batches.push(await perSecond("/many"));
  }
  report(
    `one org, 32 connections: ${line(reads)} reads/s, ${line(writes)} writes/s, ${line(batches)} batches of ${KEYS_PER_BATCH}/s`,
  );

  await stage.get("data", "/index");
  for (let from = 0; from < DOCUMENTS; from += DOCUMENTS_PER_CALL) await stage.get("data", `/seed?from=${from}`);
  const gets: number[] = [];
  const finds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    gets.push(await perSecond("/get"));
    finds.push(await perSecond("/find"));
  }
  const docsFindOfKvGet = Number((median(gets) / median(finds)).toFixed(2));
  report(
    `find by index among ${DOCUMENTS} documents: ${line(finds)}/s beside ${line(gets)} kv gets/s, ${docsFindOfKvGet} × as long`,
  );
  return {
    kvReadsPerSecond: Math.round(median(reads)),
    kvWritesPerSecond: Math.round(median(writes)),
    kvBatchKeysPerSecond: Math.round(median(batches) * KEYS_PER_BATCH),
    docsFindOfKvGet,
  };
}

const line = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(" ");
