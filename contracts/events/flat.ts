import type { EventData, IsolaEvent } from "./event.ts";

/** An event's data as handlers read it: no field of it has the name of one of the event's own. */
type FlatData = Exclude<EventData, { kind: "docs" } | { kind: "dead_letter" }> | FlatDocs | FlatDeadLetter;

type FlatDocs = Omit<Extract<EventData, { kind: "docs" }>, "id"> & {
  /** Of the document. */
  documentId: string;
};

type FlatDeadLetter = Omit<Extract<EventData, { kind: "dead_letter" }>, "trigger" | "event"> & {
  /** The trigger that gave up. */
  failedTrigger: { id: string; name: string };
  /** What it gave up on. */
  failed: FlatData;
};

/** What a script's handler is called with: all in one object. */
type FlatEvent = Omit<IsolaEvent, "data"> & FlatData;

/** An event as its handler reads it. */
export function flatEvent({ data, ...facts }: IsolaEvent): FlatEvent {
  return { ...facts, ...flatData(data) };
}

function flatData(data: EventData): FlatData {
  if (data.kind === "docs") {
    const { id, ...rest } = data;
    return { documentId: id, ...rest };
  }
  if (data.kind === "dead_letter") {
    const { trigger, event, ...rest } = data;
    return { failedTrigger: trigger, failed: flatData(event), ...rest };
  }
  return data;
}
