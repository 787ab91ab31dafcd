import { defineCommand } from "../../framework/command.ts";
import { openSession } from "../../session/session.ts";

export const rewrapSecrets = defineCommand({
  name: "secrets rewrap",
  summary: "Seal all secrets of the platform by its newest key; for admins of the platform",
  details: "Do this after a key was added, and before the one it replaces is taken away. It may be repeated.",
  examples: ["secrets rewrap"],
  async run({ host }) {
    const { client } = await openSession(host);
    const total = { orgs: 0, rewrapped: 0 };
    let cursor: string | null = null;
    do {
      const page: { orgs: number; rewrapped: number; cursor: string | null } = await client.rewrapSecrets({
        body: cursor === null ? {} : { cursor },
      });
      total.orgs += page.orgs;
      total.rewrapped += page.rewrapped;
      cursor = page.cursor;
    } while (cursor !== null);
    return { json: total, text: `${total.rewrapped} secrets are sealed anew, in ${total.orgs} orgs.` };
  },
});
