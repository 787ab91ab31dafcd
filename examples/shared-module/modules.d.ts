/** The org's modules, for the editor: each name with what it exports. */
declare module "money" {
  export function formatMoney(cents: number): string;
}
