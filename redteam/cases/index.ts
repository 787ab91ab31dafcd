import type { CaseClass } from "../attempt.ts";
import { budgets } from "./budgets.ts";
import { capabilities } from "./capabilities.ts";
import { codeGeneration } from "./code-generation.ts";
import { cookies } from "./cookies.ts";
import { data } from "./data.ts";
import { edgeLife } from "./edge-life.ts";
import { egress } from "./egress.ts";
import { forgedProps } from "./forged-props.ts";
import { harness } from "./harness.ts";
import { hosts } from "./hosts.ts";
import { identity } from "./identity.ts";
import { imports } from "./imports.ts";
import { logs } from "./logs.ts";
import { people } from "./people.ts";
import { reach } from "./reach.ts";
import { responses } from "./responses.ts";
import { sharing } from "./sharing.ts";
import { smuggling } from "./smuggling.ts";
import { tenancy } from "./tenancy.ts";
import { timing } from "./timing.ts";
import { uploads } from "./uploads.ts";

/** Every class of attempts, in the order in which they are made; what may cost an edge its life comes last. */
export const CLASSES: readonly CaseClass[] = [
  codeGeneration,
  imports,
  reach,
  capabilities,
  data,
  forgedProps,
  sharing,
  harness,
  tenancy,
  identity,
  people,
  hosts,
  smuggling,
  uploads,
  cookies,
  egress,
  logs,
  timing,
  responses,
  budgets,
  edgeLife,
];
