import { openDatabase } from "../open.ts";
import { withClient } from "./scratch.ts";

/** Opens the embedded database in a folder and writes rows, saying each number once it is acknowledged. */
const database = await openDatabase({ dataDirectory: process.argv[2]!, onProgress: () => undefined });
await withClient(database.databaseUrl, async (client) => {
  await client.query("create table if not exists written (number int primary key)");
  for (let number = 1; ; number++) {
    await client.query("insert into written values ($1)", [number]);
    process.stdout.write(`${number}\n`);
  }
});
