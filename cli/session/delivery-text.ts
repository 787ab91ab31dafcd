import type { z } from "zod";

import type { deliveryDetailSchema } from "../../contracts/api/deliveries.ts";
import { formatTime, table } from "../framework/text.ts";

type Attempt = z.output<typeof deliveryDetailSchema>["history"][number];

/** An error in one line; nothing for none. */
export const faultLine = (fault: { code: string; message: string } | null): string =>
  fault === null ? "" : `${fault.code}: ${fault.message}`;

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
