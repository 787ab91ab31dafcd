import { processHost } from "./process-host.ts";
import { run } from "./run.ts";

// A reader that has seen enough (`isola logs | head`) closes the pipe; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await run(process.argv.slice(2), processHost());
