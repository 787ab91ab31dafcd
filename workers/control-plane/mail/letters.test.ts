import { describe, expect, test } from "vitest";

import { invitationLetter, resetPasswordLetter, securityLetter, signUpLetter } from "./letters.ts";

const URL = "https://app.example.com/invitation?token=abc&x=1";
const AT = Date.parse("2026-03-01T12:30:00Z");
const EVIL = `<img src=x onerror=alert(1)>\r\nBcc: everybody@example.com`;

describe("a letter", () => {
  test("says in both forms who invites to what, the link, and how long it holds", () => {
    const { to, subject, text, html } = invitationLetter({
      to: "ada@example.com",
      invitedBy: { name: "Grace", email: "grace@example.com" },
      org: { name: "Harbour", slug: "harbour", role: "developer" },
      url: URL,
      expiresAt: AT,
    });
    expect([to, subject]).toEqual(["ada@example.com", "Grace invites you to Harbour"]);
    for (const form of [text.replaceAll("\n", " "), html]) {
      for (const fact of ["Grace", "grace@example.com", "harbour", "developer", "1 March 2026 at 12:30 UTC"]) {
        expect(form).toContain(fact);
      }
    }
    expect(text).toContain(`\n${URL}\n`);
    expect(html).toContain(`href="${URL.replace("&", "&amp;")}"`);
  });

  test("escapes what people call themselves, and keeps it out of the subject's line", () => {
    const { subject, html } = invitationLetter({
      to: "ada@example.com",
      invitedBy: { name: EVIL, email: EVIL },
      org: { name: EVIL, slug: "harbour", role: "viewer" },
      url: URL,
      expiresAt: AT,
    });
    expect(html).not.toContain("<img");
    expect(subject).not.toMatch(/[\r\n]/);
  });

  test("breaks its text into lines that mail programs show as they are, and never the link", () => {
    const long = `${URL}${"z".repeat(200)}`;
    for (const { text } of [
      signUpLetter({ to: "a@example.com", url: long, expiresAt: AT }),
      resetPasswordLetter({ to: "a@example.com", url: long, expiresAt: AT }),
    ]) {
      const lines = text.split("\n");
      expect(lines).toContain(long);
      expect(lines.filter((line) => line.length > 76)).toEqual([long]);
    }
  });

  test("of a changed way in says when and from where, as far as that is known", () => {
    const facts = { to: "a@example.com", change: "two-factor-off", at: AT, accountUrl: URL } as const;
    expect(securityLetter({ ...facts, address: "192.0.2.7" }).text).toContain("192.0.2.7");
    expect(securityLetter({ ...facts, address: null }).text).toContain("12:30 UTC.");
  });
});
