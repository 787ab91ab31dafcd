import { STACK_LENGTH_MAX, STACK_LINES_MAX } from "../../../contracts/limits.ts";
import { MODULES_FOLDER } from "../../../contracts/projection.ts";
import { mapStack } from "./stack.ts";

/** A version of a module, as the frames of a stack name it. */
export interface FrameModule {
  script: string;
  number: number;
}

const escaped = MODULES_FOLDER.replaceAll(".", "\\.");
/** A frame in a file of a module: what stands before the module's folder, name, number, and what stands after it. */
const FRAME = new RegExp(`^(\\s*at (?:[^\\n]*[ (])?)${escaped}/([a-z0-9_-]{1,64})@([1-9][0-9]{0,8})/([^\\n]*)$`);

/** A stack whose frames in modules are set aside, for each module's own map to read. */
export class ModuleFrames {
  /** The stack, in which each of those frames is a frame that nothing maps. */
  readonly rest: string;
  readonly #lines: string[] = [];
  readonly #byModule = new Map<string, { module: FrameModule; indexes: number[] }>();

  constructor(stack: string) {
    const lines = stack.slice(0, STACK_LENGTH_MAX).split("\n");
    this.rest = lines.map((line) => this.#setAside(line)).join("\n");
  }

  /** The modules in it, each once. */
  get modules(): FrameModule[] {
    return [...this.#byModule.values()].map(({ module }) => module);
  }

  /** Maps the frames of one module, from here on named by the module and the file. */
  map(module: FrameModule, source: { main: string; map: string | null } | null): void {
    const indexes = this.#byModule.get(keyOf(module))?.indexes ?? [];
    const own = indexes.map((index) => this.#lines[index]?.replace(FRAME, "$1$4") ?? "");
    const mapped = mapStack(own.join("\n"), source?.map ?? null, source?.main ?? "").split("\n");
    for (const [position, index] of indexes.entries()) {
      const line = mapped[position];
      if (line !== undefined) this.#lines[index] = named(line, module.script);
    }
  }

  /** Puts the frames back into the rest, as that was mapped meanwhile. */
  putBack(rest: string): string {
    const whole = rest.replace(PLACEHOLDER, (line, index: string) => this.#lines[Number(index)] ?? line);
    return whole.slice(0, STACK_LENGTH_MAX);
  }

  #setAside(line: string): string {
    const [found, , script, number] = FRAME.exec(line) ?? [];
    if (found === undefined || script === undefined || this.#lines.length >= STACK_LINES_MAX) return line;
    const module = { script, number: Number(number) };
    const group = this.#byModule.get(keyOf(module)) ?? { module, indexes: [] };
    this.#byModule.set(keyOf(module), group);
    group.indexes.push(this.#lines.push(line) - 1);
    return `    at \0${this.#lines.length - 1}\0`;
  }
}

const PLACEHOLDER = / {4}at \0(\d{1,4})\0/g;

/** A frame with the module's name before its file. */
const named = (line: string, script: string): string =>
  line.replace(/^(\s*at )(.*\()?/, (_, at: string, call = "") => `${at}${String(call)}${script}/`);

const keyOf = ({ script, number }: FrameModule): string => `${script}@${number}`;
