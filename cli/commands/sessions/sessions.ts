import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { openSession } from "../../session/session.ts";

const HEADING = ["id", "device", "place", "address", "since", "last seen"];

export const listSessions = defineCommand({
  name: "sessions list",
  summary: "List the browsers in which you are signed in",
  examples: ["sessions list"],
  async run({ host }) {
    const { client } = await openSession(host);
    const page = await client.listSessions({});
    const rows = page.items.map(({ id, device, place, address, createdAt, lastSeenAt }) => [
      id,
      device,
      place ?? "-",
      address ?? "-",
      formatTime(createdAt),
      formatTime(lastSeenAt),
    ]);
    return { json: page, text: table(HEADING, rows, "You are signed in in no browser.") };
  },
});

export const revokeSession = defineCommand({
  name: "sessions revoke",
  summary: "Sign one browser out at once",
  args: [{ name: "id", about: "id of the session, from `isola sessions list`" }],
  examples: ["sessions revoke 0b1f4c1e-7d0e-4a55-9d3c-5a2f1f2f9a10"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    await client.endSession({ params: { id: args.id } });
    return { json: { revoked: args.id }, text: "That browser is signed out." };
  },
});

export const revokeSessions = defineCommand({
  name: "sessions revoke-all",
  summary: "Sign every browser out",
  options: { yes: YES_OPTION },
  examples: ["sessions revoke-all"],
  async run({ options, host }) {
    await confirm(options.yes, "all", "signs you out in every browser", host, "sessions revoke-all");
    const { client } = await openSession(host);
    await client.endOtherSessions({});
    return { json: { revoked: "all" }, text: "You are signed out in every browser; API keys go on." };
  },
});
