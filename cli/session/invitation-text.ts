import type { z } from "zod";

import type { invitationSchema } from "../../contracts/api/invitations.ts";
import { clean, formatTime, table } from "../framework/text.ts";

type Invitation = z.output<typeof invitationSchema>;

const HEADING = ["id", "e-mail", "role", "state", "invited by", "until"];

/** Invitations as a table. */
export function invitationTable(invitations: readonly Invitation[], empty: string): string {
  const rows = invitations.map(({ id, email, role, state, invitedBy, expiresAt }) => [
    id,
    email,
    role,
    state,
    invitedBy?.name ?? "-",
    formatTime(expiresAt),
  ]);
  return table(HEADING, rows, empty);
}

/** What somebody is told who has just invited. */
export const invitedText = ({ email, role, expiresAt }: Invitation): string =>
  clean(`${email} is invited as ${role}; the link in the mail holds until ${formatTime(expiresAt)}.`);
