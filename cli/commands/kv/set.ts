import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { durationMs } from "../../session/duration.ts";
import { JSON_HINT, readJson, readText } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { IF_VERSION_OPTION, openWorkplace } from "../../session/workplace.ts";

const NAME = "kv set";

export const setKv = defineCommand({
  name: NAME,
  summary: "Set a key; the collection is made by its first write",
  details: "A value that begins with - goes behind --, as in `kv set numbers low -- -1`.",
  args: [
    { name: "collection", about: "the collection" },
    { name: "key", about: "the key" },
    { name: "value", about: JSON_HINT },
  ],
  options: {
    org: ORG_OPTION,
    text: { type: "boolean", about: "take the value for text as it is, not for JSON" },
    ttl: { type: "string", value: "time", about: "how long it lives: 30s, 10m, 2h, 7d (default for ever)" },
    "if-version": IF_VERSION_OPTION,
  },
  examples: [
    `kv set settings theme '{"color":"blue"}'`,
    "kv set sessions user:7 hello --text --ttl 30m",
    "kv set settings theme @theme.json --if-version 3",
  ],
  async run({ args, options, host }) {
    const ttlSeconds = options.ttl === undefined ? undefined : durationMs(options.ttl, "ttl", NAME) / 1000;
    const value = options.text ? await readText(args.value, host) : await readJson(args.value, host, NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const ifVersion = options["if-version"];
    const entry = await client.putKv({
      params: { slug, collection: args.collection, key: args.key },
      body: {
        value,
        ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
        ...(ifVersion === undefined ? {} : { ifVersion }),
      },
    });
    return { json: entry, text: clean(`${entry.key} is set, version ${entry.version}.`) };
  },
});
