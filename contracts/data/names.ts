import * as z from "zod";

import { RESOURCE_NAME_LENGTH_MAX } from "../limits.ts";

/** Name of a collection, queue, topic, lock or counter: what scripts, people and URLs call it by. */
export const resourceNameSchema = z
  .string()
  .max(RESOURCE_NAME_LENGTH_MAX)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
    "must begin with a letter or digit and may go on with letters, digits, `_`, `-` and `.`",
  );
