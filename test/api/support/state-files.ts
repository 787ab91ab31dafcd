import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A place in what a core has kept on disk that says one of the words that were looked for. */
export interface Mention {
  /** Kind of store: the folder of a class of objects, or of KV. */
  store: string;
  /** The table, or `file` where it is a file of its own. */
  table: string;
  text: string;
}

/**
 * Everything in a core's folder that says one of these words: rows of every table of every database, and files beside
 * them. The core must have stopped.
 */
export async function mentionsIn(directory: string, words: readonly string[]): Promise<Mention[]> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  const found: Mention[] = [];
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const store = file.parentPath.slice(directory.length + 1);
    if (file.name.endsWith(".sqlite")) found.push(...mentionsInDatabase(path, store, words));
    else if (!/\.sqlite-(?:wal|shm)$/.test(file.name)) {
      const text = await readFile(path, "latin1");
      if (words.some((word) => text.includes(word))) found.push({ store, table: "file", text: text.slice(0, 200) });
    }
  }
  return found;
}

function mentionsInDatabase(path: string, store: string, words: readonly string[]): Mention[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    return tables.flatMap(({ name }) => {
      const select = database.prepare(`SELECT * FROM "${name}"`);
      select.setReadBigInts(true);
      const rows = select.all();
      return rows.flatMap((row) => {
        const text = Object.values(row).map(textOf).join(" ");
        return words.some((word) => text.includes(word)) ? [{ store, table: name, text: text.slice(0, 200) }] : [];
      });
    });
  } finally {
    database.close();
  }
}

const textOf = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
