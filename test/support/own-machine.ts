import { PROJECTION_FRESH_MS } from "../../contracts/limits.ts";
import { eventually } from "./eventually.ts";
import type { Platform } from "./platform.ts";

/** Variables of a platform whose orgs may have machines that answer on this computer. */
export const AT_HOME = { ISOLA_DRIVERS: "external", ALLOW_PRIVATE_MACHINES: "1" };

/** What a machine is told when it registers. */
export interface Enrolled {
  machineId: string;
  proxySecret: string;
}

/** Makes an org with a machine of its own, which answers at a URL, and waits until its host leads there. */
export async function enrolOwnMachine(platform: Platform, slug: string, url: string): Promise<Enrolled> {
  const client = await platform.client();
  const params = { slug };
  await client.createOrg({ body: { slug, name: slug, driver: "external" } });
  await eventually(
    () => client.getMachine({ params }),
    ({ machine }) => machine !== null,
  );
  const { token } = await client.enrolmentToken({ params });
  const enrolled = await client.enrolMachine({ body: { token, url } });
  const org = await eventually(
    () => client.getOrg({ params }),
    ({ state }) => state === "running" || state === "failed",
  );
  if (org.state !== "running") {
    const { provision } = await client.getMachine({ params });
    throw new Error(`${slug} is ${org.state}: ${JSON.stringify(provision)}`);
  }
  // An edge that looked a moment ago goes by what it saw.
  await new Promise((done) => setTimeout(done, PROJECTION_FRESH_MS + 200));
  return enrolled;
}
