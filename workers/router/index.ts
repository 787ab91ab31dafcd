import { parseHost } from "../../contracts/hosts.ts";
import { PlatformError, platformErrorOf } from "../../contracts/errors.ts";
import { admitStranger, refusalAtOrg } from "./admission/admit.ts";
import { noOrgHere } from "./admission/standing.ts";
import { unknownHosts } from "./admission/unknown-hosts.ts";
import { warnOfRate } from "./admission/warn.ts";
import { withDeadline } from "./deadline.ts";
import { keepCookiesHome } from "./dispatch/cookies.ts";
import { runLater } from "./dispatch/later.ts";
import { type Run, runScript, type RunResult } from "./dispatch/run.ts";
import type { RouterContext, RouterEnv } from "./env.ts";
import { hostsOf } from "./hosts.ts";
import { scheduleDelivery } from "./log/delivery.ts";
import { deliverRest, ending } from "./log/ending.ts";
import { serveMachine } from "./machines/serve.ts";
import { answersStill, notRunning } from "./not-running.ts";
import { refuse } from "./pages/respond.ts";
import { withCookie } from "./people/respond.ts";
import { type Visitor, visitorOf } from "./people/visitor.ts";
import { welcome } from "./pages/welcome.ts";
import { isReserved, reserved } from "./reserved.ts";
import { accepted } from "./reserved/accepted.ts";
import type { Known } from "./resolve/host-cache.ts";
import { redirectTo } from "./resolve/moved.ts";
import type { ResolvedOrg } from "./resolve/org.ts";
import { findOwnDomain, mayBeOwn, type OwnDomain } from "./resolve/own-domain.ts";
import { followOrg, resolveOrg } from "./resolve/resolve.ts";

export { Console } from "./capabilities/console.ts";
export { Control } from "./control.ts";
export { Dispatch } from "./dispatch/dispatch.ts";
export { Egress } from "./egress/egress.ts";
export { Platform } from "./capabilities/platform.ts";

/** Time the control plane has to begin an answer, in milliseconds. */
const CONTROL_PLANE_CALL_MS = 30_000;

/**
 * The public edge: resolve the host, match the path, run the script. On the way of a warm request there
 * is no database, no global object, and no wait but for the script itself.
 */
export default {
  async fetch(request: Request, env: RouterEnv, context: ExecutionContext): Promise<Response> {
    const ctx = context as unknown as RouterContext;
    // Host and path are cut out of the text: a URL object costs more than the whole routing.
    const { url } = request;
    const hostStart = url.indexOf("//") + 2;
    const pathStart = url.indexOf("/", hostStart);
    const rawHost = url.slice(hostStart, pathStart);
    const target = url.slice(pathStart);
    let known = hostsOf(env).lookUp(rawHost);
    let now = Date.now();
    let own: OwnDomain | null = null;
    if (known === null) {
      const other = await otherHost(request, rawHost, env, now);
      if (other instanceof Response) return other;
      ({ known, own } = other);
      now = Date.now();
    }
    // A slash in the header has become the beginning of the path, which a proxy in front may have read otherwise.
    if (request.headers.get("host")?.includes("/") === true) return unknownHost(request, env, now);
    try {
      const isFresh = now < known.freshUntil;
      const org = isFresh ? known.org : await resolveOrg(known, env, now, () => admitStranger(request, env, now));
      if (org === null) return absent(request, target, known, isFresh, env, now);
      if (own !== null && own.orgId !== org.projection.orgId) throw noOrgHere();
      const hostname = own === null ? hostnameOf(rawHost, org.projection.slug, env) : own.hostname;
      if (org.projection.state !== "running" && !answersStill(org, target)) return await notRunning(request, org, env);
      const refusal = refusalAtOrg(org.projection, isFresh ? now : Date.now());
      if (env.LOG_DELIVERY === "scheduled") scheduleDelivery(ctx, env.STATE);
      if (refusal !== null) return refuse(request, refusal);
      const response = isReserved(target)
        ? await reserved(request, { org, env, ctx, finish: (result) => finish(request, result, hostname) })
        : org.projection.machine
          ? await serveMachine({ request, target, rawHost, hostname, org, env }, org.projection.machine, ctx)
          : await serve(request, target, hostname, own, org, env, ctx);
      if (ending.begun) await deliverRest(env.STATE);
      return warnOfRate(response, org.projection);
    } catch (error) {
      return refuse(request, platformErrorOf(error) ?? unexpected(error));
    }
  },
};

async function serve(
  request: Request,
  target: string,
  hostname: string,
  own: OwnDomain | null,
  org: ResolvedOrg,
  env: RouterEnv,
  ctx: RouterContext,
): Promise<Response> {
  const { projection, matcher } = org;
  const queryStart = target.indexOf("?");
  const path = queryStart < 0 ? target : target.slice(0, queryStart);
  const match = matcher.match(request.method, hostname, path);
  const script = match === null ? undefined : projection.scripts[match.route.scriptId];
  if (match === null || script === undefined) return unrouted(request, path, hostname, org);
  const run = { org, script, trigger: "http" as const, params: paramsOf(match.params, own), request, path: target };
  const isLater = match.route.dispatch === "async";
  const coming = visitorOf(request, org, env);
  if (coming !== null) return serveVisitor(run, await coming, isLater, hostname, env, ctx);
  if (isLater) return accepted(request, await runLater(run, env));
  return finish(request, await runScript(run, env, ctx), hostname);
}

/** What the path captures, and what the label of the org's wildcard stands for; of two under one name the path's counts. */
const paramsOf = (captured: Record<string, string>, own: OwnDomain | null): Record<string, string> =>
  own === null ? captured : { ...own.params, ...captured };

/** The same for somebody with a session here: the script sees who it is, and nothing of the session. */
async function serveVisitor(
  asked: Pick<Run, "org" | "script" | "params" | "path"> & { trigger: "http" },
  { request, user, setCookie }: Visitor,
  isLater: boolean,
  hostname: string,
  env: RouterEnv,
  ctx: RouterContext,
): Promise<Response> {
  const response = isLater
    ? accepted(request, await runLater({ ...asked, request }, env))
    : finish(request, await runScript({ ...asked, request, user }, env, ctx), hostname);
  return setCookie === null ? response : withCookie(response, setCookie);
}

/** The usual spelling of an org's host needs no parsing. */
function hostnameOf(rawHost: string, slug: string, env: RouterEnv): string {
  const usual = `${slug}.${env.DOMAIN}`;
  if (rawHost.startsWith(usual) && (rawHost.length === usual.length || rawHost[usual.length] === ":")) return usual;
  return parseHost(rawHost)?.hostname ?? usual;
}

function finish(request: Request, result: RunResult, hostname: string): Response {
  if (result.response !== null) return keepCookiesHome(result.response, hostname);
  return refuse(request, result.refusal ?? unexpected(null), result.executionId);
}

function unrouted(request: Request, path: string, hostname: string, org: ResolvedOrg): Response {
  const allow = org.matcher.allow(hostname, path);
  if (allow.length > 0) {
    const message = `This path answers ${allow.join(", ")}, not ${request.method}.`;
    return refuse(request, new PlatformError("method_not_allowed", message, { allow }));
  }
  if (path === "/" && Object.keys(org.projection.scripts).length === 0) return welcome(request, org.projection.slug);
  return refuse(request, new PlatformError("not_found", "No route of this org matches the path."));
}

/** A slug that no org has: an org may have had it before. */
function absent(
  request: Request,
  target: string,
  { moved }: Known,
  isFresh: boolean,
  env: RouterEnv,
  now: number,
): Response {
  const redirect = moved === null ? null : redirectTo(moved, target, env);
  if (redirect !== null) return redirect;
  return isFresh ? unknownHost(request, env, now) : refuse(request, noOrgHere());
}

const unknownHost = (request: Request, env: RouterEnv, now: number): Response =>
  refuse(request, unknownHosts.refusal(request, env, now) ?? noOrgHere());

/** Hosts that name no slug: the control plane's own, the bare domain, those of orgs' own, and everything else. */
async function otherHost(
  request: Request,
  rawHost: string,
  env: RouterEnv,
  now: number,
): Promise<Response | { known: Known; own: OwnDomain }> {
  const hostname = parseHost(rawHost)?.hostname;
  if (hostname === env.APP_HOST) return controlPlane(request, env);
  if (hostname === env.DOMAIN) {
    const url = new URL(request.url);
    url.hostname = env.APP_HOST;
    return Response.redirect(url.href, 302);
  }
  if (hostname === undefined || !mayBeOwn(hostname, env)) return unknownHost(request, env, now);
  try {
    const own = await findOwnDomain(hostname, env, now, () => admitStranger(request, env, now));
    if (own === null) return refuse(request, noOrgHere());
    const hosts = hostsOf(env);
    const org = await followOrg(own, hosts, env, Date.now());
    if (org === null) return refuse(request, noOrgHere());
    return { known: hosts.bySlug(org.projection.slug), own };
  } catch (error) {
    return refuse(request, platformErrorOf(error) ?? unexpected(error));
  }
}

async function controlPlane(request: Request, env: RouterEnv): Promise<Response> {
  try {
    return await withDeadline(env.CONTROL_PLANE.fetch(request), CONTROL_PLANE_CALL_MS, "The control plane");
  } catch (error) {
    const refusal = platformErrorOf(error);
    if (refusal !== null) return refuse(request, refusal);
    return refuse(request, new PlatformError("unavailable", "The control plane is not there right now. Try again."));
  }
}

function unexpected(error: unknown): PlatformError {
  if (error !== null) console.error("router:", error);
  return new PlatformError("internal", "Something went wrong on our side. Quote the request id when you report it.");
}
