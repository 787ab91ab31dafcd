import { defineCommand } from "../../framework/command.ts";
import type { Host } from "../../framework/host.ts";
import { clean } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { readFileText } from "../../session/json-input.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace } from "../../session/workplace.ts";

const NAME = "secrets set";

export const setSecret = defineCommand({
  name: NAME,
  summary: "Set a secret for all scripts of an org, or for one",
  details:
    "The value is asked for without being shown, or read from standard input, less one line end. Scripts read it\n" +
    "by `secrets.get(name)`; a script's own goes before the org's.",
  args: [{ name: "name", about: "letters, digits and _, such as API_KEY" }],
  options: {
    org: ORG_OPTION,
    script: { type: "string", value: "script", about: "the one script that may read it (default all)" },
    "from-file": { type: "string", value: "path", about: "take a file's text as it is" },
    value: { type: "string", value: "text", about: "the value; others can see it in the list of processes" },
  },
  examples: ["secrets set API_KEY", "secrets set TLS_KEY --from-file key.pem --script checkout"],
  async run({ args, options, host }) {
    const value = await valueOf(options, host);
    if (value === "") throw new UsageError("The value is empty. `isola secrets delete` removes a secret.", NAME);
    const { client, slug } = await openWorkplace(host, options.org);
    const { script } = options;
    const secret = await client.putSecret({
      params: { slug, name: args.name },
      body: { value, ...(script === undefined ? {} : { script }) },
    });
    const readers = secret.script === null ? `all scripts of ${slug}` : `the script ${secret.script.name}`;
    return { json: secret, text: clean(`${secret.name} is set for ${readers}.`) };
  },
});

interface ValueOptions {
  value: string | undefined;
  "from-file": string | undefined;
}

async function valueOf({ value, "from-file": path }: ValueOptions, host: Host): Promise<string> {
  if (value !== undefined && path !== undefined) throw new UsageError("--value or --from-file, not both.", NAME);
  if (value !== undefined) return value;
  if (path !== undefined) return readFileText(path, host);
  if (host.ask !== null) return host.ask("Value (not shown): ", { hidden: true });
  return (await host.readInput()).replace(/\r?\n$/, "");
}
