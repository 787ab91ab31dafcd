import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

import type { Letter } from "./driver.ts";

export interface LetterParts {
  to: string;
  subject: string;
  title: string;
  paragraphs: string[];
  action: { label: string; url: string };
  /** What stands below the link: how long it holds, what to do when the letter is unexpected. */
  closing: string[];
}

const LINE_LENGTH = 76;

/** Puts a letter together in both forms. Every part is plain text; the HTML form escapes it. */
export function compose({ to, subject, title, paragraphs, action, closing }: LetterParts): Letter {
  const blocks = [...paragraphs.map(wrapped), `${action.label}:\n${action.url}`, ...closing.map(wrapped), "-- \nIsola"];
  return { to, subject, text: `${blocks.join("\n\n")}\n`, html: htmlOf({ title, paragraphs, action, closing }) };
}

/** Breaks a paragraph into lines that every reader shows as they are. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= LINE_LENGTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

// Mail programs know neither style sheets nor scripts; colours are those of the pages, as far as both schemes bear them.
const FONT = "font:15px/22px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif";

function htmlOf({ title, paragraphs, action, closing }: Omit<LetterParts, "to" | "subject">): string {
  const letter = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light" />
        <title>${title}</title>
      </head>
      <body style="margin:0;padding:32px 16px;background:#faf9f7;color:#25221e;${FONT}">
        <div
          style="max-width:480px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #e4e1dc;border-radius:10px"
        >
          <p style="margin:0 0 24px;color:#0b7a75;font-weight:600">Isola</p>
          <h1 style="margin:0 0 16px;font-size:20px;line-height:28px;font-weight:600">${title}</h1>
          ${paragraphs.map((text) => html`<p style="margin:0 0 16px">${text}</p>`)}
          <p style="margin:24px 0">
            <a
              href="${action.url}"
              style="display:inline-block;padding:10px 18px;background:#0b7a75;color:#ffffff;border-radius:6px;text-decoration:none;font-weight:500"
              >${action.label}</a
            >
          </p>
          ${closing.map((text) => html`<p style="margin:0 0 8px;color:#6b655d;font-size:13px;line-height:19px">${text}</p>`)}
          <p style="margin:24px 0 0;color:#6b655d;font-size:12px;line-height:18px;overflow-wrap:anywhere">
            Or open this address: ${action.url}
          </p>
        </div>
      </body>
    </html>`;
  // Nothing in it is a promise, so it is there already.
  return (letter as HtmlEscapedString).toString();
}
