import type { CaseClass } from "../attempt.ts";
import { codeGeneration } from "./code-generation.ts";
import { capabilities } from "./capabilities.ts";
import { forgedProps } from "./forged-props.ts";
import { harness } from "./harness.ts";
import { hosts } from "./hosts.ts";
import { identity } from "./identity.ts";
import { imports } from "./imports.ts";
import { reach } from "./reach.ts";
import { smuggling } from "./smuggling.ts";
import { tenancy } from "./tenancy.ts";

/** Every class of attempts, in the order in which they are made. */
export const CLASSES: readonly CaseClass[] = [
  codeGeneration,
  imports,
  reach,
  capabilities,
  forgedProps,
  harness,
  tenancy,
  identity,
  hosts,
  smuggling,
];
