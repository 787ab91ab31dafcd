const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Makes text safe inside HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

/** A link on a page: where to, and its words. */
export interface PageLink {
  href: string;
  text: string;
}

/** Parts of a page, as HTML. */
interface Layout {
  /** As text. */
  title: string;
  /** What else the head has: rules of style and the like. */
  head?: string;
  /** Drawn above the title. */
  island?: string;
  body: string;
}

const ISLAND = '<path d="M8 16c2-7 7-11 12-11s10 4 12 11"/><path d="M2 20c3-2 6-2 9 0s6 2 9 0 6-2 9 0 6 2 9 0"/>';

/** The frame of every page of a tenant's host; follows the viewer's light or dark. */
export function layout({ title, head = "", island = ISLAND, body }: Layout): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; --ground: #faf9f7; --ink: #22211e; --faint: #6f6b64; --line: #e4e1db; --sea: #0f766e }
@media (prefers-color-scheme: dark) { :root { --ground: #171614; --ink: #ece9e3; --faint: #a09a90; --line: #34312d; --sea: #5eead4 } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--ink);
  font: 14px/1.5 system-ui, sans-serif }
main { max-width: 34rem; padding: 24px }
h1 { margin: 16px 0 4px; font-size: 20px; font-weight: 600 }
p { margin: 0 }
p + p { margin-top: 12px }
a { color: var(--sea); text-underline-offset: 3px }
small { display: block; margin-top: 16px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--faint);
  font: 12px ui-monospace, monospace; overflow-wrap: anywhere }
svg { color: var(--sea) }
</style>${head}
<main>
<svg width="40" height="24" viewBox="0 0 40 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">${island}</svg>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</html>
`;
}

/** One calm page that says one thing, and where to go on if there is anywhere. */
export function page(title: string, message: string, small: string, link: PageLink | null = null): string {
  const next = link === null ? "" : `\n<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>`;
  const body = `<p>${escapeHtml(message)}</p>${next}\n<small>${escapeHtml(small)}</small>`;
  return layout({ title, body });
}
