import { WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";

/** A control plane for the launcher's tests, with an owner that it forgets when it restarts. */
let owner = null;
let ticks = 0;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/v1/setup" && request.method === "POST") {
      const body = await request.json();
      if (body.token !== env.SETUP_TOKEN) return refusal(403, "forbidden", "This is not the token.");
      if (body.password.length < 12) return refusal(422, "invalid", "The password is too short.");
      owner = body.email;
      return Response.json(
        { id: "usr_00000000000000000000000001", email: owner, name: "Owner", role: "owner" },
        { status: 201 },
      );
    }
    if (pathname === "/api/v1/setup") return Response.json({ claimed: owner !== null });
    if (pathname === "/ticks") return new Response(`${ticks}`);
    if (pathname === "/dispatch") {
      const edges = Object.keys(env).filter((key) => key.startsWith("DISPATCH_"));
      return Response.json(await Promise.all(edges.map((key) => env[key].invoke())));
    }
    return new Response(`control plane: ${pathname}`);
  },
  scheduled() {
    ticks += 1;
  },
};

export class Directory extends WorkerEntrypoint {
  findOrg(slug) {
    return { slug };
  }
}

/** The core binds it; nothing is provisioned here. */
export class Provisioning extends WorkflowEntrypoint {
  run() {}
}

const refusal = (status, code, message) =>
  Response.json({ error: { code, message, details: {}, requestId: "test" } }, { status });
