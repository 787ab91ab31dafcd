import type { Tenant } from "./tenant.ts";

/**
 * What a script answers that imports these names from "isola" and whose body is given; an error that it lets through
 * comes as `[code or name, message, details]`.
 */
export async function answerOf(tenant: Tenant, names: string, body: string): Promise<unknown> {
  await tenant.deploy(`import { IsolaError, ${names} } from "./.isola/isola.js";
    export default async (request, ctx) => {
      try { return await (async () => { ${body} })(); } catch (error) {
        return [error instanceof IsolaError ? error.code : error.name, error.message, error.details ?? null];
      }
    }`);
  return (await tenant.get("/")).json();
}
