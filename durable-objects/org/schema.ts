import scriptsAndRoutes from "../../migrations/org/0001-scripts-and-routes.sql";
import limitsAndSettings from "../../migrations/org/0002-limits-and-settings.sql";
import modules from "../../migrations/org/0003-modules.sql";
import type { Migration } from "../database.ts";

/** Schema of the Org object. */
export const ORG_MIGRATIONS: readonly Migration[] = [
  { name: "0001-scripts-and-routes", sql: scriptsAndRoutes },
  { name: "0002-limits-and-settings", sql: limitsAndSettings },
  { name: "0003-modules", sql: modules },
];
