import { PERSON_ROLES } from "../../../contracts/rights.ts";
import { defineCommand } from "../../framework/command.ts";
import { clean } from "../../framework/text.ts";
import { confirm, YES_OPTION } from "../../session/confirm.ts";
import { userNamed } from "../../session/member.ts";
import { roleOf } from "../../session/role.ts";
import { openSession } from "../../session/session.ts";

const USER = { name: "user", about: "id or e-mail address" } as const;

export const setUserRole = defineCommand({
  name: "users set-role",
  summary: "Change a person's role on the platform; for its admins",
  args: [USER, { name: "role", about: PERSON_ROLES.join(", ") }],
  examples: ["users set-role ada@example.com admin"],
  async run({ args, host }) {
    const role = roleOf(args.role, PERSON_ROLES, "users set-role");
    const { client } = await openSession(host);
    const { id } = await userNamed(client, args.user);
    const person = await client.patchUser({ params: { id }, body: { role } });
    return { json: person, text: clean(`${person.name} is ${person.role} on the platform.`) };
  },
});

export const deactivateUser = defineCommand({
  name: "users deactivate",
  summary: "End a person's sessions and keys at once, and let them in no more; for admins of the platform",
  args: [USER],
  options: { yes: YES_OPTION },
  examples: ["users deactivate ada@example.com"],
  async run({ args, options, host }) {
    const { client } = await openSession(host);
    const { id } = await userNamed(client, args.user);
    const what = `ends the sessions and keys of ${args.user}; the keys stay revoked when the account is activated again`;
    await confirm(options.yes, args.user, what, host, "users deactivate");
    const person = await client.patchUser({ params: { id }, body: { active: false } });
    return { json: person, text: clean(`${person.name} is deactivated.`) };
  },
});

export const activateUser = defineCommand({
  name: "users activate",
  summary: "Let a person who was deactivated in again; for admins of the platform",
  args: [USER],
  examples: ["users activate ada@example.com"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const { id } = await userNamed(client, args.user);
    const person = await client.patchUser({ params: { id }, body: { active: true } });
    return { json: person, text: clean(`${person.name} can sign in again; keys have to be made anew.`) };
  },
});

export const signOutUser = defineCommand({
  name: "users sign-out",
  summary: "End all sessions of a person; for admins of the platform",
  args: [USER],
  examples: ["users sign-out ada@example.com"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    const { id } = await userNamed(client, args.user);
    await client.signOutUser({ params: { id } });
    return { json: { signedOut: id }, text: clean(`${args.user} is signed out everywhere.`) };
  },
});
