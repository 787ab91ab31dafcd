/** What is stored in an org's own SQLite, as plans name it. All names are in lower case. */
export interface Schema {
  /** Columns of each table, and those of them that a table without row ids is sorted by. */
  tables: ReadonlyMap<string, { columns: string[]; primaryKey: string[] }>;
  /** Table and columns of each index. */
  indexes: ReadonlyMap<string, { table: string; columns: string[] }>;
}

/** Reads the schema; some hundred rows at most. */
export function readSchema(sql: SqlStorage): Schema {
  const tables = new Map<string, { columns: string[]; primaryKey: string[] }>();
  const indexes = new Map<string, { table: string; columns: string[] }>();
  const columns = sql.exec<{ kind: string; owner: string; of: string; name: string | null; key: number }>(
    `SELECT m.type AS kind, m.name AS owner, m.tbl_name AS of, c.name AS name, c.pk AS key
       FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'
     UNION ALL SELECT m.type, m.name, m.tbl_name, c.name, 0
       FROM sqlite_master AS m JOIN pragma_index_info(m.name) AS c WHERE m.type = 'index'`,
  );
  for (const { kind, owner, of, name, key } of columns) {
    if (kind === "index") {
      const index = indexes.get(owner.toLowerCase()) ?? { table: of.toLowerCase(), columns: [] };
      index.columns.push(name ?? "");
      indexes.set(owner.toLowerCase(), index);
    } else {
      const table = tables.get(owner.toLowerCase()) ?? { columns: [], primaryKey: [] };
      table.columns.push(name ?? "");
      if (key > 0) table.primaryKey[key - 1] = name ?? "";
      tables.set(owner.toLowerCase(), table);
    }
  }
  return { tables, indexes };
}

/** Indexes that every row of a table is written to. */
export function indexCount(schema: Schema, table: string): number {
  return [...schema.indexes.values()].filter((index) => index.table === table).length;
}
