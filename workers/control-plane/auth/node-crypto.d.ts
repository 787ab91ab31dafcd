/** The part of Node's module that is used here; the runtime has it, its types do not. */
declare module "node:crypto" {
  export function scryptSync(
    password: string,
    salt: string,
    keyBytes: number,
    options: { N: number; r: number; p: number; maxmem: number },
  ): Uint8Array;
}
