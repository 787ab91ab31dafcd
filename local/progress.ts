/** Tells the person who started the platform how far it is. */
export interface Progress {
  /** A step is done (or needs a word while it runs). */
  step: (name: string, what: string) => void;
  /** Something outside this start went wrong and was dealt with. */
  notice: (text: string) => void;
}

const NAME_WIDTH = 10;

/** One plain line per step, with the time since the start; dim in a terminal so that the last line stands out. */
export function createProgress(output: NodeJS.WriteStream, errors: NodeJS.WritableStream): Progress {
  const dim = (text: string): string => (output.isTTY && output.hasColors() ? `\u001B[2m${text}\u001B[22m` : text);
  return {
    step: (name, what) => {
      const seconds = (performance.now() / 1000).toFixed(1).padStart(5);
      output.write(`${dim(`${seconds}s  ${name.padEnd(NAME_WIDTH)} ${what}`)}\n`);
    },
    notice: (text) => errors.write(`isola: ${text}\n`),
  };
}
