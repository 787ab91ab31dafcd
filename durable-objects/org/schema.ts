import scriptsAndRoutes from "../../migrations/org/0001-scripts-and-routes.sql";
import limitsAndSettings from "../../migrations/org/0002-limits-and-settings.sql";
import modules from "../../migrations/org/0003-modules.sql";
import triggersAndCollections from "../../migrations/org/0004-triggers-and-collections.sql";
import secrets from "../../migrations/org/0005-secrets.sql";
import routeDispatch from "../../migrations/org/0006-route-dispatch.sql";
import droppedCollections from "../../migrations/org/0007-dropped-collections.sql";
import storage from "../../migrations/org/0008-storage.sql";
import life from "../../migrations/org/0009-life.sql";
import type { Migration } from "../database.ts";

/** Schema of the Org object. */
export const ORG_MIGRATIONS: readonly Migration[] = [
  { name: "0001-scripts-and-routes", sql: scriptsAndRoutes },
  { name: "0002-limits-and-settings", sql: limitsAndSettings },
  { name: "0003-modules", sql: modules },
  { name: "0004-triggers-and-collections", sql: triggersAndCollections },
  { name: "0005-secrets", sql: secrets },
  { name: "0006-route-dispatch", sql: routeDispatch },
  { name: "0007-dropped-collections", sql: droppedCollections },
  { name: "0008-storage", sql: storage },
  { name: "0009-life", sql: life },
];
