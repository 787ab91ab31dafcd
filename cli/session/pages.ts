import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from "../../contracts/limits.ts";

const ITEMS_MAX = 100_000;

/** The options of every list that has pages. */
export const PAGE_OPTIONS = {
  limit: { type: "integer", value: "n", min: 1, max: ITEMS_MAX, about: `how many (default ${PAGE_SIZE_DEFAULT})` },
  cursor: { type: "string", value: "cursor", about: "go on where an earlier list ended" },
  all: { type: "boolean", about: "everything, page after page" },
} as const;

interface Page<T> {
  items: T[];
  cursor: string | null;
}

interface PageOptions {
  limit: number | undefined;
  cursor: string | undefined;
  all: boolean;
}

/** Reads as many pages as the options ask for; the cursor says where to go on, null at the end. */
export async function readPages<T>(
  options: PageOptions,
  read: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<Page<T>> {
  const wanted = options.all ? ITEMS_MAX : (options.limit ?? PAGE_SIZE_DEFAULT);
  const items: T[] = [];
  let cursor = options.cursor ?? null;
  do {
    const limit = Math.min(PAGE_SIZE_MAX, wanted - items.length);
    const page = await read(cursor === null ? { limit } : { limit, cursor });
    items.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== null && items.length < wanted);
  return { items, cursor };
}

/** What a person is told when a list goes on. */
export const moreNote = (cursor: string | null): string[] =>
  cursor === null ? [] : [`There is more: --cursor ${cursor}, or --all.`];
