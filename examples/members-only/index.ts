// A page for people of the org alone: whoever is not signed in is sent to sign in, and comes back.
//
//   npx isola deploy examples/members-only --org hello --name members --route "GET /members"
//
// Then open http://hello.localhost:8787/members in a browser.
import type { Context, User } from "isola";

const SEES_THE_BOOKS: readonly User["role"][] = ["owner", "admin"];

export default (request: Request, { user }: Context): Response => {
  if (user === null) {
    const { pathname, search } = new URL(request.url);
    const location = `/.isola/sign-in?${new URLSearchParams({ to: pathname + search }).toString()}`;
    return new Response(null, { status: 302, headers: { location } });
  }
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "private, no-store" };
  return new Response(page(user), { headers });
};

const page = ({ name, email, role }: User): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Members</title>
<h1>Hello, ${escape(name)}</h1>
<p>You are signed in as ${escape(email)}, ${role ?? "of the platform"}.</p>
${SEES_THE_BOOKS.includes(role) ? "<p>The books are yours to see.</p>" : ""}
<form method="post" action="/.isola/sign-out?to=/members"><button>Sign out</button></form>
</html>
`;

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
