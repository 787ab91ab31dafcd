import type { z } from "zod";

import type { deliveryDetailSchema, sentSchema } from "../../contracts/api/deliveries.ts";
import type { Result } from "../framework/command.ts";
import { formatTime, table } from "../framework/text.ts";

type Attempt = z.output<typeof deliveryDetailSchema>["history"][number];

/** An error in one line; nothing for none. */
export const faultLine = (fault: { code: string; message: string } | null): string =>
  fault === null ? "" : `${fault.code}: ${fault.message}`;

/** What an event became that was made or sent again by hand. */
export function sentResult(sent: z.output<typeof sentSchema>): Result {
  const { deliveryId, messageId } = sent;
  const note =
    deliveryId === null
      ? "The message is in its queue."
      : `\`isola deliveries get ${deliveryId}\` says what came of it.`;
  return { json: sent, text: deliveryId ?? messageId ?? "", notes: [note] };
}

/** The attempts of a delivery as a table. */
export const historyText = (history: readonly Attempt[]): string =>
  table(
    ["attempt", "at", "ms", "execution", "error"],
    history.map(({ at, durationMs, executionId, error }, index) => [
      String(index + 1),
      formatTime(at),
      durationMs === null ? "-" : durationMs.toFixed(1),
      executionId ?? "-",
      error === null ? "none" : faultLine(error),
    ]),
    "It was not tried yet.",
  );
