import type { ProvisionProgress, ProvisionStep } from "../../../contracts/machines.ts";
import { WAITING_PAUSE_S } from "../../../contracts/limits.ts";
import { escapeHtml, layout } from "./page.ts";

/** What each step is to somebody who waits. */
export const STEP_WORDS: Readonly<Record<ProvisionStep, string>> = {
  credentials: "Making its keys",
  infrastructure: "Finding it a place",
  volume: "Laying out its storage",
  machine: "Building its machine",
  start: "Starting its machine",
  ready: "Waiting for its first answer",
  publish: "Opening its doors",
};

/** How high the island stands above its last place before the water is let go of, in units of the drawing. */
const DEPTH = 9;

/**
 * The page of a host whose machine is on its way up. It asks again by itself and becomes the tenant's own page; the island
 * stands the higher the more is done. Needs no script, and nothing but what it is given.
 */
export function waitingPage(title: string, message: string, progress: ProvisionProgress | null, small: string): string {
  const { done, total } = progress ?? { done: 0, total: 0 };
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0.5;
  const sunk = (DEPTH * (1 - share)).toFixed(1);
  const bar = total > 0 ? `\n<progress value="${done}" max="${total}" aria-label="Steps done"></progress>` : "";
  const count = total > 0 ? ` <span>${Math.min(done + 1, total)} of ${total}</span>` : "";
  return layout({
    title,
    // What the browser asks anew is the page alone, never what was sent to get it.
    head: `
<meta http-equiv="refresh" content="${WAITING_PAUSE_S}">
<style>
progress { appearance: none; display: block; width: 100%; height: 4px; margin-top: 16px; border: 0; border-radius: 2px;
  overflow: hidden; background: var(--line) }
progress::-webkit-progress-bar { background: var(--line) }
progress::-webkit-progress-value { background: var(--sea) }
progress::-moz-progress-bar { background: var(--sea) }
span { color: var(--faint) }
.island { transform: translateY(${sunk}px) }
@media (prefers-reduced-motion: no-preference) {
  .island { animation: rise ${WAITING_PAUSE_S}s ease-in-out infinite alternate }
  .sea { animation: drift ${WAITING_PAUSE_S}s ease-in-out infinite alternate }
  @keyframes rise { from { transform: translateY(${sunk}px) } to { transform: translateY(calc(${sunk}px - 1.2px)) } }
  @keyframes drift { from { transform: translateX(0) } to { transform: translateX(-1.5px) } }
}
</style>`,
    island:
      '<clipPath id="above"><path d="M0-4h40v21.5H0z"/></clipPath>' +
      '<g clip-path="url(#above)"><path class="island" d="M8 16c2-7 7-11 12-11s10 4 12 11"/></g>' +
      '<path class="sea" d="M2 20c3-2 6-2 9 0s6 2 9 0 6-2 9 0 6 2 9 0"/>',
    body: `<p role="status" aria-live="polite">${escapeHtml(message)}${count}</p>${bar}
<small>${escapeHtml(small)}</small>`,
  });
}
