import type { Context } from "hono";
import { html } from "hono/html";

import { type Endpoint, takesBody } from "../../../contracts/api/endpoint.ts";
import { API_PREFIX, ENDPOINTS } from "../../../contracts/api/index.ts";
import { ERROR_STATUS } from "../../../contracts/errors.ts";
import type { AppTypes } from "../mount.ts";
import { refusalsOf, schemaOf } from "../openapi.ts";
import { renderPage } from "./page.ts";

/** `GET /api/docs`: every endpoint, to browse, without anything from elsewhere. */
export function docsPage(context: Context<AppTypes>): Response | Promise<Response> {
  const groups = Object.entries(Object.groupBy(Object.values<Endpoint>(ENDPOINTS), ({ tag }) => tag));
  const contents = groups.map(([tag]) => html`<a href="#${anchor(tag)}">${tag}</a>`);
  const sections = groups.map(
    ([tag, endpoints]) =>
      html`<section class="stack" id="${anchor(tag)}">
        <h2>${tag}</h2>
        <div class="endpoints">${(endpoints ?? []).map(entry)}</div>
      </section>`,
  );
  const main = html`<div class="stack wide">
    <div class="stack">
      <h1>API</h1>
      <p class="quiet">
        JSON under <code>${API_PREFIX}</code>, with <code>Authorization: Bearer isola_…</code>. The same as
        <a href="${API_PREFIX}/openapi.json">OpenAPI 3.1</a>.
      </p>
      <nav class="contents" aria-label="Sections">${contents}</nav>
    </div>
    ${sections}
  </div>`;
  return renderPage(context, { title: "API", main, style: DOCS_STYLE });
}

const anchor = (tag: string): string => tag.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

function entry(endpoint: Endpoint) {
  const { id, method, path, summary, capability, status } = endpoint;
  const refusals = refusalsOf(endpoint).map((code) => html`<span>${ERROR_STATUS[code]} ${code}</span>`);
  return html`<details id="${id}">
    <summary>
      <span class="method mono">${method}</span><span class="mono">${path}</span><span class="quiet">${summary}</span>
    </summary>
    <div class="stack inside">
      <p class="quiet">${capability === null ? "Open to anybody." : html`Needs <code>${capability}</code>.`}</p>
      ${schemaBlock("Query", schemaOf(endpoint.query, "output"))}
      ${takesBody(endpoint) ? schemaBlock("Body", schemaOf(endpoint.body, "input")) : ""}
      ${status === 204 ? html`<p>Answers 204 without content.</p>` : schemaBlock(`Answer, ${status}`, schemaOf(endpoint.response, "output"))}
      <p class="refusals quiet">${refusals}</p>
    </div>
  </details>`;
}

function schemaBlock(title: string, schema: Record<string, unknown>) {
  const { properties } = schema as { properties?: object };
  if (properties === undefined || Object.keys(properties).length === 0) return "";
  return html`<div>
    <span class="quiet">${title}</span>
    <pre tabindex="0">${JSON.stringify(schema, null, 2)}</pre>
  </div>`;
}

const DOCS_STYLE = `
.contents { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 4px; }
.endpoints { border-top: 1px solid var(--line); }
details { border-bottom: 1px solid var(--line); }
summary { display: grid; grid-template-columns: 64px minmax(0, 1.4fr) minmax(0, 1fr); gap: 12px; padding: 8px 0; cursor: pointer; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover .method { color: var(--accent-strong); }
.method { color: var(--accent); font-weight: 600; }
.inside { padding: 4px 0 20px 76px; }
.inside pre { margin-top: 4px; max-height: 420px; overflow: auto; }
.refusals { display: flex; flex-wrap: wrap; gap: 4px 16px; font: 13px/20px var(--mono); }
@media (max-width: 600px) {
  summary { grid-template-columns: 64px 1fr; gap: 2px 12px; }
  summary > :nth-child(3) { grid-column: 1 / -1; }
  .inside { padding-left: 0; }
}
`;
