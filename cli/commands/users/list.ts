import { PERSON_ROLES } from "../../../contracts/rights.ts";
import { defineCommand } from "../../framework/command.ts";
import { formatTime, table } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { moreNote, PAGE_OPTIONS, readPages } from "../../session/pages.ts";
import { roleOf } from "../../session/role.ts";
import { openSession } from "../../session/session.ts";

const NAME = "users list";
const HEADING = ["id", "name", "e-mail", "role", "state", "since"];

export const listUsers = defineCommand({
  name: NAME,
  summary: "List the people who have an account; for admins of the platform",
  options: {
    search: { type: "string", value: "text", about: "how the e-mail address or the name begins" },
    role: { type: "string", value: "role", about: PERSON_ROLES.join(", ") },
    active: { type: "boolean", about: "only those who can sign in" },
    deactivated: { type: "boolean", about: "only those who cannot" },
    ...PAGE_OPTIONS,
  },
  examples: ["users list", "users list --search ada --deactivated"],
  async run({ options, host }) {
    const { search, active, deactivated } = options;
    if (active && deactivated) throw new UsageError("--active or --deactivated, not both.", NAME);
    const filter = {
      ...(search === undefined ? {} : { search }),
      ...(options.role === undefined ? {} : { role: roleOf(options.role, PERSON_ROLES, NAME) }),
      ...(active || deactivated ? { active: active ? ("true" as const) : ("false" as const) } : {}),
    };
    const { client } = await openSession(host);
    const page = await readPages(options, (query) => client.listUsers({ query: { ...query, ...filter } }));
    const rows = page.items.map((person) => [
      person.id,
      person.name,
      person.email,
      person.role,
      person.active ? "active" : "deactivated",
      formatTime(person.createdAt),
    ]);
    return { json: page, text: table(HEADING, rows, "Nobody matches."), notes: moreNote(page.cursor) };
  },
});
