import { html } from "hono/html";

import { TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { deviceOf } from "../auth/device.ts";
import type { passkey, session } from "../database/schema.ts";
import { AUTH_PATH } from "../../../contracts/auth-endpoints.ts";
import { PROBLEM } from "./parts.ts";

/** A moment for people; a script of the page shows it in their own time zone. */
const momentOf = (at: Date) =>
  html`<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace("T", " ")} UTC</time>`;

/** The passkeys of an account, and the way to another one. */
export function passkeysSection(passkeys: (typeof passkey.$inferSelect)[]) {
  const rows = passkeys.map(
    ({ id, name, createdAt }) =>
      html`<li>
        <div>
          <span class="name">${name ?? "Passkey"}</span>
          <form method="post" class="rename" data-path="${AUTH_PATH}/passkeys/${id}" hidden>
            <label>
              New name
              <input name="name" value="${name ?? ""}" maxlength="${TEXT_LENGTH_MAX}" autocomplete="off" required />
            </label>
            ${PROBLEM}
            <div class="actions"><button>Save the name</button></div>
          </form>
          <p class="hint">Added ${momentOf(createdAt)}</p>
        </div>
        <div class="actions">
          <button type="button" class="plain" data-rename>Rename</button>
          <button type="button" class="danger" data-path="${AUTH_PATH}/passkeys/${id}" data-confirm="Remove for good?">
            Remove
          </button>
        </div>
      </li>`,
  );
  const list = html`<ul class="rows">
    ${rows}
  </ul>`;
  const none = html`<p class="quiet">A passkey signs you in with your device instead of the password.</p>`;
  return html`<section>
    <h2>Passkeys</h2>
    <div data-acts>
      ${PROBLEM} ${rows.length === 0 ? none : list}
      <p class="quiet" id="no-passkeys" hidden>This browser cannot make passkeys. A newer one can.</p>
      <form method="post" id="add-passkey" hidden>
        <label>
          Name of a new one
          <input name="name" maxlength="${TEXT_LENGTH_MAX}" placeholder="Laptop" autocomplete="off" />
        </label>
        ${PROBLEM}
        <div class="actions"><button>Add a passkey</button></div>
      </form>
    </div>
  </section>`;
}

/** Where somebody is signed in; the session that asks comes first. */
export function sessionsSection(sessions: (typeof session.$inferSelect)[], currentId: string) {
  const current = sessions.filter(({ id }) => id === currentId);
  const others = sessions.filter(({ id }) => id !== currentId);
  const rows = [...current, ...others].map((row) => {
    const where = [row.place, row.ipAddress].filter((text) => text !== null && text !== "").join(", ");
    return html`<li>
      <div>
        ${deviceOf(row.userAgent)}${row.id === currentId ? html`<span class="badge on">this one</span>` : ""}
        <p class="hint">${where === "" ? "" : `${where} · `}Last seen ${momentOf(row.lastSeenAt ?? row.createdAt)}</p>
      </div>
      ${
        row.id === currentId
          ? ""
          : html`<button
              type="button"
              class="danger"
              data-path="/api/v1/me/sessions/${row.id}"
              data-confirm="End it now?"
            >
              End
            </button>`
      }
    </li>`;
  });
  const endOthers = html`<div class="actions">
    <button type="button" class="danger" data-path="/api/v1/me/sessions" data-confirm="End all but this one?">
      End all others
    </button>
  </div>`;
  return html`<section>
    <h2>Sessions</h2>
    <div data-acts>
      ${PROBLEM}
      <ul class="rows">
        ${rows}
      </ul>
      ${others.length === 0 ? "" : endOthers}
    </div>
  </section>`;
}
