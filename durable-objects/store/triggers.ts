import { compileFilter } from "../../contracts/data/filter.ts";
import type { DocsOperation, KvOperation } from "../../contracts/events/trigger.ts";
import type { StoreTrigger } from "../objects.ts";

/** A change of one key or document; values are JSON text, null where there is none. */
export interface Change {
  operation: KvOperation | DocsOperation;
  /** The key, or the document's id. */
  key: string;
  prev: string | null;
  next: string | null;
  version: number;
}

/** A trigger, ready to say which changes are its events. */
export interface CompiledTrigger {
  id: string;
  /** Whether changes of this kind to this key may be its events, as far as can be told without the values. */
  mayMatch(operation: Change["operation"], key: string): boolean;
  matches(change: Change): boolean;
}

const EVERYTHING = "{}";

/** Makes triggers ready. Those of a collection are all of its kind. */
export function compileTriggers(triggers: readonly StoreTrigger[]): CompiledTrigger[] {
  return triggers.map(({ id, source }): CompiledTrigger => {
    const operations = new Set<Change["operation"]>(source.operations);
    if (source.kind === "kv") {
      const mayMatch: CompiledTrigger["mayMatch"] = (operation, key) =>
        operations.has(operation) && key.startsWith(source.prefix);
      return { id, mayMatch, matches: ({ operation, key }) => mayMatch(operation, key) };
    }
    const filter = source.filter === EVERYTHING ? () => true : filterOfText(source.filter);
    return {
      id,
      mayMatch: (operation) => operations.has(operation),
      matches: ({ operation, prev, next }) => operations.has(operation) && filter(next ?? prev),
    };
  });
}

function filterOfText(text: string): (json: string | null) => boolean {
  try {
    const matches = compileFilter(text);
    return (json) => json !== null && matches(JSON.parse(json));
  } catch (error) {
    // It was checked when the trigger was made. Should that ever not be enough, the collection still has to open.
    console.error(`the filter of a trigger cannot be read: ${text}`, error);
    return () => false;
  }
}
