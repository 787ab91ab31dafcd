import { defineCommand } from "../../framework/command.ts";
import { formatTime } from "../../framework/text.ts";
import { ORG_OPTION } from "../../session/org.ts";
import { openWorkplace, type Workplace } from "../../session/workplace.ts";

export const enrolMachine = defineCommand({
  name: "machines enrol",
  summary: "Make the one-time token by which a machine of your own registers itself",
  details: "The token before is good no more. What a machine does with it stands in docs/machines.md.",
  options: { org: ORG_OPTION },
  examples: ["machines enrol --org shop"],
  async run({ options, host }) {
    const place = await openWorkplace(host, options.org);
    const enrolment = await place.client.enrolmentToken({ params: { slug: place.slug } });
    return {
      json: enrolment,
      text: enrolment.token,
      notes: [
        `Good once, until ${formatTime(enrolment.expiresAt)}. Register: POST ${enrolment.url} {"token": …, "url": …}`,
      ],
    };
  },
});

/** What somebody does next whose own machine shall register itself; makes the token for it. */
export async function enrolmentNote({ client, slug }: Workplace): Promise<string[]> {
  const { token, url, expiresAt } = await client.enrolmentToken({ params: { slug } });
  return [
    `Its one-time token, good until ${formatTime(expiresAt)}: ${token}`,
    `On the machine: curl -X POST ${url} -H 'content-type: application/json' -d '{"token":"${token}","url":"https://<where it answers>"}'`,
  ];
}
