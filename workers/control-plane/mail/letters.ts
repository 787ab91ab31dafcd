import type { OrgRole } from "../../../contracts/rights.ts";
import type { Letter } from "./driver.ts";
import { compose } from "./compose.ts";

/** Who asked for something; as they call themselves. A program has no address. */
interface Sender {
  name: string;
  email: string | null;
}

/** A place in an org, or on the platform alone where there is no org. */
export function invitationLetter(facts: {
  to: string;
  invitedBy: Sender;
  org: { name: string; slug: string; role: OrgRole } | null;
  url: string;
  expiresAt: number;
}): Letter {
  const { to, invitedBy, org, url, expiresAt } = facts;
  const what = org === null ? "Isola" : `the org ${org.name}`;
  const who = invitedBy.email === null ? invitedBy.name : `${invitedBy.name} (${invitedBy.email})`;
  return compose({
    to,
    subject: `${inOneLine(invitedBy.name)} invites you to ${inOneLine(org?.name ?? "Isola")}`,
    title: `You are invited to ${what}`,
    paragraphs: [`${who} invites you to ${what}${org === null ? "" : ` (${org.slug}), as ${org.role}`}.`],
    action: { label: "Accept the invitation", url },
    closing: [onceUntil(expiresAt), "You did not expect this? Then leave it be: nothing happens until you accept."],
  });
}

/** What completes an account that somebody asked for with this address. */
export function signUpLetter(facts: { to: string; url: string; expiresAt: number }): Letter {
  return compose({
    to: facts.to,
    subject: "Complete your account",
    title: "Complete your account",
    paragraphs: ["Somebody, hopefully you, asked for an account with this address."],
    action: { label: "Complete the account", url: facts.url },
    closing: [onceUntil(facts.expiresAt), "It was not you? Then leave this be: without the link there is no account."],
  });
}

/** Goes to an address that has an account already, when an account is asked for with it. */
export function accountExistsLetter(facts: { to: string; signInUrl: string }): Letter {
  return compose({
    to: facts.to,
    subject: "You have an account already",
    title: "You have an account already",
    paragraphs: ["Somebody, hopefully you, asked for an account with this address. There is one: sign in with it."],
    action: { label: "Sign in", url: facts.signInUrl },
    closing: ["If you do not know the password any more, the sign-in page helps you to a new one."],
  });
}

/** The way to a new password. */
export function resetPasswordLetter(facts: { to: string; url: string; expiresAt: number }): Letter {
  return compose({
    to: facts.to,
    subject: "Choose a new password",
    title: "Choose a new password",
    paragraphs: ["Somebody, hopefully you, asked for a new password for this account."],
    action: { label: "Choose a new password", url: facts.url },
    closing: [onceUntil(facts.expiresAt), "It was not you? Then leave this be: your password stays as it is."],
  });
}

/** Something about the way into an account that has changed. */
type SecurityChange = "password" | "two-factor-on" | "two-factor-off" | "passkey-added" | "passkey-removed";

const SECURITY_CHANGES: Record<SecurityChange, [subject: string, what: string]> = {
  password: [
    "Your password was changed",
    "The password of your account was changed, and all other sessions were ended.",
  ],
  "two-factor-on": ["Two-factor sign-in is on", "From now on, signing in with your password takes a code as well."],
  "two-factor-off": ["Two-factor sign-in is off", "From now on, your password alone signs you in."],
  "passkey-added": [
    "A passkey was added",
    "A passkey was added to your account. It signs you in without the password.",
  ],
  "passkey-removed": [
    "A passkey was removed",
    "A passkey was removed from your account. It does not sign you in any more.",
  ],
};

/** Tells somebody that the way into their account has changed, so that they notice when it was not them. */
export function securityLetter(facts: {
  to: string;
  change: SecurityChange;
  at: number;
  /** Where the request came from, where somebody that can be trusted tells it. */
  address: string | null;
  accountUrl: string;
}): Letter {
  const [subject, what] = SECURITY_CHANGES[facts.change];
  const from = facts.address === null ? "" : `, from ${facts.address}`;
  return compose({
    to: facts.to,
    subject,
    title: subject,
    paragraphs: [what, `This was done on ${momentOf(facts.at)}${from}.`],
    action: { label: "Look at your account", url: facts.accountUrl },
    closing: [
      "It was not you? Then choose a new password at once, by “Forgot the password?” on the sign-in page, and end all other sessions.",
    ],
  });
}

/** Tells an owner that an org comes near to what its plan allows, or has used it up. */
export function quotaLetter(facts: {
  to: string;
  org: { name: string; slug: string };
  /** What is used, in words, such as `820 of 1,000 requests of this month (82 %)`. */
  used: string[];
  /** What happens where all of it is used, in words. */
  consequences: string[];
  url: string;
}): Letter {
  const { to, org, used, consequences, url } = facts;
  const isOver = consequences.length > 0;
  return compose({
    to,
    subject: `${inOneLine(org.name)} ${isOver ? "has used up" : "comes near to"} what its plan allows`,
    title: `${org.name} ${isOver ? "has used up" : "comes near to"} what its plan allows`,
    paragraphs: [`The org ${org.name} (${org.slug}) has used ${used.join(", ")}.`, ...consequences],
    action: { label: "Look at it", url },
    closing: ["`isola quotas` shows how it stands. An admin of the platform can give the org a larger plan."],
  });
}

/** Tells an owner how much of an org's budget is spent. */
export function budgetLetter(facts: {
  to: string;
  org: { name: string; slug: string };
  /** The warning's own share of the budget, in hundredths. */
  percent: number;
  /** In words, such as `41.20 EUR`. */
  spent: string;
  budget: string;
  /** The month that it is about, and when the next begins; epoch milliseconds. */
  monthAt: number;
  resetsAt: number;
  /** Whether the org stops when all of it is spent. */
  stops: boolean;
  url: string;
}): Letter {
  const { to, org, percent, spent, budget, monthAt, url } = facts;
  const title = `has spent ${percent === 100 ? "" : `${percent} % of `}its budget`;
  const month = MONTH.format(monthAt);
  return compose({
    to,
    subject: `${inOneLine(org.name)} ${title}`,
    title: `${org.name} ${title}`,
    paragraphs: [
      `The org ${org.name} (${org.slug}) has cost ${spent} in ${month}, of a budget of ${budget}.`,
      consequenceOf(facts),
    ],
    action: { label: "Look at it", url },
    closing: [
      "`isola budget get` shows how it stands. Owners and admins of the org change it with `isola budget set`.",
    ],
  });
}

function consequenceOf({ percent, stops, resetsAt }: { percent: number; stops: boolean; resetsAt: number }): string {
  if (!stops) return "Nothing is stopped for that: the budget only warns.";
  if (percent < 100) return "When all of it is spent, its requests are refused and its events wait.";
  return `Until ${momentOf(resetsAt)}, or until the budget is raised, its requests are refused and its events wait.`;
}

/** A subject is one line, whatever people call themselves. */
const inOneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

const FORMAT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

const onceUntil = (expiresAt: number): string => `The link works once, until ${momentOf(expiresAt)}.`;

/** A moment for people: a letter does not know its reader's time zone. */
const momentOf = (at: number): string => `${FORMAT.format(at)} UTC`;
