import { createApp } from "./app.ts";
import { doChores } from "./clock.ts";
import type { ControlPlaneEnv } from "./env.ts";
import { Scope } from "./scope.ts";

export { Directory } from "./directory.ts";
export { Provisioning } from "./provisioning/workflow.ts";

const app = createApp();

/** The control plane: management API, sign-in, pages; and every minute, what was left unfinished. */
export default {
  fetch: (request, env, context) => app.fetch(request, env, context),

  async scheduled(_, env) {
    const scope = new Scope(env);
    try {
      await doChores(scope);
    } finally {
      await scope.close();
    }
  },
} satisfies ExportedHandler<ControlPlaneEnv>;
