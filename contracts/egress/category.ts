/** Kinds of address that a script may not reach, wherever the platform runs. */
export type AddressCategory =
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "shared"
  | "multicast"
  | "reserved"
  | "platform";

/** Why a script's request does not leave, in a word that says nothing of where it would have gone. */
export type EgressCategory = AddressCategory | "malformed" | "scheme" | "port" | "userinfo" | "denied" | "not-allowed";

const ADVICE: Record<Exclude<EgressCategory, AddressCategory>, string> = {
  malformed: "this is no URL of a host. Use one like https://api.example.com/path.",
  scheme: "only http and https leave a script. Use an https URL.",
  port: "this port belongs to another protocol than HTTP. Use 80, 443 or another port that serves HTTP.",
  userinfo:
    "the URL has a user name or a password in it. Put them into the Authorization header; in the URL they hide the host.",
  denied:
    "this org's settings deny the host. An admin of the org can change them: isola orgs set <slug> --egress-deny …",
  "not-allowed":
    "this org's settings allow only some hosts, and not this one. An admin of the org can change them: isola orgs set <slug> --egress-allow …",
};

/** What a script reads when its request is refused: the category and what to do, never the address. */
export function egressMessage(category: EgressCategory): string {
  const problem = isAdvised(category) ? ADVICE[category] : addressProblem(category);
  return `Egress refused (${category}): ${problem}`;
}

function isAdvised(category: EgressCategory): category is keyof typeof ADVICE {
  return Object.hasOwn(ADVICE, category);
}

function addressProblem(category: AddressCategory): string {
  return category === "platform"
    ? "a script may not reach a platform address through fetch. Scripts of an org call each other by invoke."
    : `a script may not reach a ${category} address. Use a public http or https URL.`;
}
