import { startControlPlane, TOKEN, type Answers } from "./control-plane.ts";
import { newComputer, type World } from "./host.ts";

/** A computer that is signed in to a control plane and works in the org `hello`. */
export async function workplace(answers: Answers, world: World = {}) {
  const plane = await startControlPlane(answers);
  const env = { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN, ISOLA_ORG: "hello" };
  const computer = await newComputer({ ...world, env: { ...env, ...world.env } });
  return { plane, ...computer };
}

/** A list that is one page long. */
export const page = <T>(items: T[]) => ({ items, cursor: null });
