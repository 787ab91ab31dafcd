import { WorkerEntrypoint } from "cloudflare:workers";

/** A router for the launcher's tests: it does what the path says. */
const held = [];
let name;
let orders;

export default {
  async fetch(request, env) {
    const org = new URL(request.url).searchParams.get("org");
    if (org === null) return answer(request, env);
    orders ??= JSON.parse(env.WATCH_ORDERS);
    const kindOf = () => orders.verdicts.findLast(({ orgId, untilMs }) => orgId === org && Date.now() < untilMs)?.kind;
    while (kindOf() === "held") await scheduler.wait(20);
    if (kindOf() !== undefined) return Response.json(orders, { status: 503 });
    const id = `exe_${crypto.randomUUID()}`;
    console.log(`${env.JOURNAL_MARK} + ${id} ${org} ver_1`);
    const response = await answer(request, env);
    console.log(`${env.JOURNAL_MARK} - ${id}`);
    return response;
  },
};

async function answer(request, env) {
  name ??= crypto.randomUUID();
  const url = new URL(request.url);
  const number = Number(url.searchParams.get("n"));
  switch (url.pathname) {
    case "/spin":
      for (;;);
    case "/slow":
      await scheduler.wait(number);
      return new Response(name);
    case "/grow":
      // Touched, or the system does not give the pages.
      held.push(new Uint8Array(number * 1024 * 1024).fill(1));
      return new Response(name);
    case "/die":
      // More than the heap takes: the runtime aborts.
      for (;;) held.push(Array.from({ length: 1_000_000 }, (_, index) => ({ index })));
    case "/state":
      return new Response(await env.STATE.count());
    case "/directory":
      return Response.json(await env.DIRECTORY.findOrg("hello"));
    case "/projection":
      return new Response(await env.PROJECTIONS.get(url.searchParams.get("key")));
    case "/network":
      return probe(env.INTERNET, url.searchParams.get("url"));
    case "/outbound":
      return probe({ fetch }, url.searchParams.get("url"));
    case "/load": {
      const worker = env.LOADER.get(`${number}`, () => ({
        compatibilityDate: "2026-10-01",
        mainModule: "main.js",
        modules: { "main.js": `export default { fetch: () => new Response("${number}") };` },
        globalOutbound: null,
      }));
      return worker.getEntrypoint().fetch(request);
    }
    default:
      return url.hostname === env.APP_HOST ? env.CONTROL_PLANE.fetch(request) : new Response(name);
  }
}

async function probe(network, target) {
  try {
    const response = await network.fetch(target);
    return new Response(`reached ${response.status}`);
  } catch {
    return new Response("refused");
  }
}

export class Dispatch extends WorkerEntrypoint {
  invoke() {
    return (name ??= crypto.randomUUID());
  }
}

export class Control extends WorkerEntrypoint {
  async fetch(request) {
    if (new URL(request.url).pathname === "/orders") orders = await request.json();
    return Response.json({ ok: true });
  }
}
