import type { tailEventSchema } from "../../../contracts/api/executions.ts";
import type { z } from "zod";

import type { TailEvent } from "../../../contracts/doors.ts";
import { encodeComment, encodeEvent } from "../../../contracts/event-stream.ts";
import { toExecution } from "./execution.ts";
import type { Stacks } from "./stacks.ts";

/** Pause after which a reader whose stream has ended comes again, in milliseconds. */
const RETRY_MS = 1_000;

/** A log's live tail (lines of JSON) as server-sent events of the API. A slow reader slows its own stream only. */
export function toEvents(tail: ReadableStream<Uint8Array>, stacks: Stacks): ReadableStream<Uint8Array> {
  let rest = "";
  return tail
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(
      new TransformStream<string, string>({
        start: (controller) => controller.enqueue(`retry: ${RETRY_MS}\n${encodeComment("connected")}`),
        async transform(chunk, controller) {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) controller.enqueue(await encode(JSON.parse(line) as TailEvent, stacks));
        },
      }),
    )
    .pipeThrough(new TextEncoderStream());
}

async function encode(event: TailEvent, stacks: Stacks): Promise<string> {
  if (event.type === "ping") return encodeComment("ping");
  const shown: z.input<typeof tailEventSchema> =
    event.type === "execution"
      ? { type: "execution", execution: await toExecution(event.execution, stacks) }
      : event.type === "lines"
        ? { ...event, lines: await stacks.mapLines(event.lines, event.versionId) }
        : event;
  return encodeEvent(event.type, shown);
}
