/** The types of plain-function scripts, for code that imports them by path. */
export type { Context, Handler } from "isola";
