import { PassThrough } from "node:stream";

import { describe, expect, it } from "vitest";

import { askAtTerminal } from "./prompt.ts";

/** A terminal that shows what is written to it, with somebody who types. */
function terminal() {
  const stdin = new PassThrough();
  const stderr = new PassThrough({ encoding: "utf8" });
  let shown = "";
  stderr.on("data", (text: string) => void (shown += text));
  const streams = { stdin, stderr } as unknown as Pick<NodeJS.Process, "stdin" | "stderr">;
  return { streams, stdin, shown: () => shown };
}

describe("a question at the terminal", () => {
  it("shows itself and what is typed", async () => {
    const { streams, stdin, shown } = terminal();
    const answer = askAtTerminal("E-mail: ", false, streams);
    stdin.write("ada@example.com\r");
    expect(await answer).toBe("ada@example.com");
    expect(shown()).toContain("E-mail: ");
    expect(shown()).toContain("ada@example.com");
  });

  it("for something hidden shows itself and never what is typed", async () => {
    const { streams, stdin, shown } = terminal();
    const answer = askAtTerminal("Password: ", true, streams);
    for (const character of "s3cret") stdin.write(character);
    stdin.write("\r");
    expect(await answer).toBe("s3cret");
    expect(shown()).toBe("Password: \n");
  });

  it("that is left by Ctrl-D is refused instead of waited for", async () => {
    const { streams, stdin } = terminal();
    const answer = askAtTerminal("E-mail: ", false, streams);
    stdin.write("\u0004");
    await expect(answer).rejects.toThrow("No answer was given.");
  });
});
