import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { Mounts } from "../mount.ts";
import { changeSettings, findSettings } from "../people/settings.ts";

/** What holds for the whole platform. */
export const platform = new Mounts()
  .add(ENDPOINTS.getPlatformSettings, ({ scope }) => findSettings(scope))
  .add(ENDPOINTS.patchPlatformSettings, ({ scope, principal, body }) => changeSettings(scope, principal, body));
