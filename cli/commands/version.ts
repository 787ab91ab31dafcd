import { z } from "zod";

import { defineCommand } from "../framework/command.ts";
import { clean, columns } from "../framework/text.ts";
import { reach } from "../session/http.ts";
import { currentUrl } from "../session/session.ts";
import { VERSION } from "../version.ts";

const ANSWER_MS = 3_000;

const platformSchema = z.object({ product: z.string(), api: z.string().or(z.number()) }).loose();

export const version = defineCommand({
  name: "version",
  summary: "Show the version of this command and of the control plane",
  examples: ["version"],
  async run({ host }) {
    const url = await currentUrl(host);
    const platform = await platformVersion(url);
    const shown = platform === null ? "does not answer" : `${platform.product} (API ${platform.api})`;
    return {
      json: { version: VERSION, url, platform },
      text: columns([
        ["isola", VERSION],
        [url, clean(shown)],
      ]).join("\n"),
    };
  },
});

async function platformVersion(url: string): Promise<z.output<typeof platformSchema> | null> {
  try {
    const response = await reach(`${url}/version`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return platformSchema.parse(await response.json());
  } catch {
    // Whatever is wrong there, this command's own version is still an answer.
    return null;
  }
}
