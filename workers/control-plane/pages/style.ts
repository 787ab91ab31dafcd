/** The look of the server-rendered pages: a warm neutral scale, one accent, hairlines; light and dark are each designed. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #faf9f7; --surface: #ffffff; --line: #e4e1dc; --text: #25221e; --quiet: #6b655d;
  --accent: #0b7a75; --accent-text: #ffffff; --accent-strong: #075e5a; --fail: #a8321f; --ok: #2d6a3e; --focus: #0b7a7566;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #171614; --surface: #1e1d1a; --line: #34312c; --text: #ece8e1; --quiet: #a39c91;
    --accent: #4fbdb3; --accent-text: #0b1f1d; --accent-strong: #78d2c9; --fail: #f0917e; --ok: #8ccf9d; --focus: #4fbdb366;
  }
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--ground); color: var(--text); font: 14px/20px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; -webkit-font-smoothing: antialiased; }
a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a:hover { color: var(--accent-strong); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1 { font-size: 20px; line-height: 28px; font-weight: 600; letter-spacing: -0.01em; }
h2 { font-size: 14px; line-height: 20px; font-weight: 600; }
p { text-wrap: pretty; }
code, .mono { font-family: var(--mono); font-size: 13px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.top { display: flex; align-items: center; gap: 12px; max-width: 880px; margin: 0 auto; padding: 20px 24px; }
.mark { display: inline-flex; align-items: center; gap: 8px; color: var(--text); text-decoration: none; font-weight: 600; }
.mark svg { color: var(--accent); }
.top nav { margin-left: auto; display: flex; align-items: center; gap: 16px; }
.top nav a, .top nav button { white-space: nowrap; color: var(--quiet); text-decoration: none; }
.top nav a:hover, .top nav button:hover { color: var(--text); }
.when-narrow { display: none; }
main { max-width: 880px; margin: 0 auto; padding: 24px 24px 64px; }
.narrow > * { max-width: 408px; }
.narrow .top { padding-top: 10vh; }
.stack { display: grid; gap: 8px; }
.stack.wide { gap: 24px; }
form { display: grid; gap: 16px; margin-top: 24px; }
label { display: grid; gap: 4px; font-size: 13px; font-weight: 500; }
input { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 8px 10px; width: 100%; }
input:hover { border-color: var(--quiet); }
input:focus-visible { outline: 2px solid var(--focus); outline-offset: 0; border-color: var(--accent); border-radius: 6px; }
input:disabled, input:read-only:not(.visually-hidden) { color: var(--quiet); background: none; }
.hint { font-size: 13px; font-weight: 400; color: var(--quiet); }
button { font: inherit; font-weight: 500; border: 1px solid transparent; border-radius: 6px; padding: 8px 14px; cursor: pointer; }
button.main { background: var(--accent); color: var(--accent-text); }
button.main:hover { background: var(--accent-strong); }
button.plain { background: none; color: var(--quiet); padding: 4px 0; }
button.plain:hover { color: var(--text); }
button.danger { background: none; color: var(--fail); border-color: var(--line); }
button.danger:hover { border-color: var(--fail); }
button:not([class]) { background: var(--surface); color: var(--text); border-color: var(--line); }
button:not([class]):hover { border-color: var(--quiet); }
[hidden] { display: none !important; }
button:disabled { opacity: 0.6; cursor: progress; }
.problem { color: var(--fail); font-size: 13px; }
.problem:empty { display: none; }
.notice { border: 1px solid var(--line); border-left: 3px solid var(--accent); border-radius: 6px; background: var(--surface); padding: 10px 14px; margin-bottom: 16px; }
.code { font-family: var(--mono); letter-spacing: 0.06em; }
.others { margin-top: 24px; }
.or { display: grid; grid-template-columns: 1fr auto 1fr; gap: 12px; align-items: center; margin-bottom: 8px; font-size: 13px; }
.or::before, .or::after { content: ""; border-top: 1px solid var(--line); }
.foot { margin-top: 24px; font-size: 13px; }
.actions.between { justify-content: space-between; margin-top: 0; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 16px; margin-top: 8px; }
a.main { background: var(--accent); color: var(--accent-text); border-radius: 6px; padding: 8px 14px; text-decoration: none; font-weight: 500; }
a.main:hover { background: var(--accent-strong); color: var(--accent-text); }
ul.rows { list-style: none; padding: 0; border-top: 1px solid var(--line); }
ul.rows li { display: grid; grid-template-columns: minmax(120px, 1fr) minmax(0, 2fr) auto; gap: 16px; align-items: baseline; padding: 10px 0; border-bottom: 1px solid var(--line); }
.state::before { content: ""; display: inline-block; width: 7px; height: 7px; border-radius: 50%; background: var(--ok); margin-right: 8px; }
.state.destroying::before { background: var(--fail); border-radius: 1px; }
pre { font: 13px/20px var(--mono); background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px; overflow-x: auto; }
@media (max-width: 600px) {
  .when-wide { display: none; }
  .when-narrow { display: inline; }
  ul.rows li { grid-template-columns: 1fr auto; gap: 2px 16px; }
  ul.rows li > :nth-child(2) { grid-column: 1 / -1; grid-row: 2; }
}
`;
