/**
 * What other scripts of the org import as "money". It answers no requests itself.
 *
 *   npx isola deploy examples/shared-module/money.ts --org hello --kind module
 */
const euros = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

/** Cents as people write them: 1250 is "€12.50". */
export const formatMoney = (cents: number): string => euros.format(cents / 100);
