import { defineCommand } from "../../framework/command.ts";
import { columns } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { openSession } from "../../session/session.ts";

const SET = "platform set";

interface Settings {
  signUp: "invitation" | "open";
  membersCreateOrgs: boolean;
}

const textOf = ({ signUp, membersCreateOrgs }: Settings): string =>
  columns([
    ["sign-up", signUp],
    ["members create orgs", membersCreateOrgs ? "yes" : "no"],
  ]).join("\n");

export const getPlatformSettings = defineCommand({
  name: "platform get",
  summary: "Show what holds for the whole platform; for its owners",
  examples: ["platform get"],
  async run({ host }) {
    const { client } = await openSession(host);
    const settings = await client.getPlatformSettings({});
    return { json: settings, text: textOf(settings) };
  },
});

export const setPlatformSettings = defineCommand({
  name: SET,
  summary: "Change who may make an account, and who may make orgs; for owners of the platform",
  options: {
    "sign-up": { type: "string", value: "who", about: "invitation: who was invited; open: anybody" },
    "members-create-orgs": {
      type: "string",
      value: "yes|no",
      about: "whether people without a role here may make orgs",
    },
  },
  examples: ["platform set --sign-up open --members-create-orgs yes"],
  async run({ options, host }) {
    const { "sign-up": signUp, "members-create-orgs": create } = options;
    if (signUp === undefined && create === undefined) {
      throw new UsageError("Nothing to change: say --sign-up or --members-create-orgs.", SET);
    }
    if (signUp !== undefined && signUp !== "invitation" && signUp !== "open") {
      throw new UsageError(`--sign-up must be invitation or open, not "${signUp}".`, SET);
    }
    if (create !== undefined && create !== "yes" && create !== "no") {
      throw new UsageError(`--members-create-orgs must be yes or no, not "${create}".`, SET);
    }
    const { client } = await openSession(host);
    const settings = await client.patchPlatformSettings({
      body: {
        ...(signUp === undefined ? {} : { signUp }),
        ...(create === undefined ? {} : { membersCreateOrgs: create === "yes" }),
      },
    });
    return { json: settings, text: textOf(settings) };
  },
});
