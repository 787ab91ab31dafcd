import { createRequire } from "node:module";

const { default: path } = createRequire(import.meta.url)("workerd") as { default: string };

/** Path of the runtime's binary. */
export const workerdPath = path;
