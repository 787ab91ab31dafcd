import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import type { Host } from "../framework/host.ts";

/**
 * Lets the person edit a text in their own editor (VISUAL, EDITOR, or vi), in a file that only they can read.
 * @throws PlatformError when the editor cannot be run or gives up.
 */
export async function editText(host: Host, name: string, text: string): Promise<string> {
  const { VISUAL: visual, EDITOR: editor } = host.env;
  const command = visual ? visual : editor ? editor : "vi";
  const folder = await mkdtemp(join(tmpdir(), "isola-edit-"));
  try {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    const code = await runEditor(command, path);
    if (code !== 0)
      throw new PlatformError("invalid", `The editor \`${command}\` ended with ${code}; nothing was run.`);
    return await readFile(path, "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runEditor(command: string, path: string): Promise<number | string> {
  return new Promise((resolve, reject) => {
    // By a shell, since an editor is often named with options of its own: `code --wait`.
    const child = spawn("/bin/sh", ["-c", `${command} "$1"`, "sh", path], { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? signal ?? "nothing"));
  });
}
