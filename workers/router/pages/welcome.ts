import { page } from "./page.ts";
import { wantsPage } from "./respond.ts";

/** What the host of an org without scripts answers: it is there, and what to do next. */
export function welcome(request: Request, slug: string): Response {
  const next = `isola deploy hello.ts --org ${slug} --name hello`;
  const message = "This island is up and has no scripts yet. Deploy one, and it answers here.";
  if (wantsPage(request)) {
    return new Response(page(slug, message, next), { headers: { "content-type": "text/html; charset=utf-8" } });
  }
  return Response.json({ org: slug, message, next });
}
