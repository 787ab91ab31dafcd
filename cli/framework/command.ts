import type { Host } from "./host.ts";

/** A positional argument of a command. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly about: string;
  readonly optional?: true;
}

/** An option of a command; `multiple` ones may be given again and again. */
export type OptionDefinition = { readonly about: string; readonly short?: string } & (
  | { readonly type: "boolean" }
  | { readonly type: "integer"; readonly value: string; readonly min: number; readonly max: number }
  | { readonly type: "string"; readonly value: string; readonly multiple?: true; readonly required?: true }
);

type ArgumentValues<A extends readonly ArgumentDefinition[]> = {
  [D in A[number] as D["name"]]: D extends { optional: true } ? string | undefined : string;
};

type OptionValue<D extends OptionDefinition> = D extends { type: "boolean" }
  ? boolean
  : D extends { type: "integer" }
    ? number | undefined
    : D extends { multiple: true }
      ? string[]
      : D extends { required: true }
        ? string
        : string | undefined;

type OptionValues<O extends Record<string, OptionDefinition>> = { [Name in keyof O]: OptionValue<O[Name]> };

/** What a handler gets: the parsed command line and the world outside. */
interface Invocation<A, O> {
  args: A;
  options: O;
  host: Host;
  /** Whether the answer will be read by a person; progress and hints are for people only. */
  human: boolean;
}

/** What a command answers. The same facts twice: `json` for programs, `text` for people. */
export interface Result {
  /** Undefined where the command has written its JSON by itself, line by line as things happened. */
  json: unknown;
  /** Goes to standard output; bytes go out as they are. */
  text: string | Uint8Array;
  /** Goes to standard error, after the text: what is worth knowing beside the answer. */
  notes?: string[];
  /** True when the command did its work and the answer is bad news (exit code 1). */
  failed?: boolean;
}

/** A command with its types erased, as the table holds it. */
export interface Command {
  /** Words after `isola`, object then verb. */
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly args: readonly ArgumentDefinition[];
  readonly options: Readonly<Record<string, OptionDefinition>>;
  /** Command lines without the leading `isola`. */
  readonly examples: readonly string[];
  readonly run: (invocation: Invocation<Record<string, unknown>, Record<string, unknown>>) => Promise<Result>;
}

interface TypedCommand<A extends readonly ArgumentDefinition[], O extends Record<string, OptionDefinition>> {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly args?: A;
  readonly options?: O;
  readonly examples: readonly string[];
  readonly run: (invocation: Invocation<ArgumentValues<A>, OptionValues<O>>) => Promise<Result>;
}

type NoOptions = Record<string, never>;

/** Defines a command; the handler's `args` and `options` are typed by their definitions. */
export function defineCommand<
  const A extends readonly ArgumentDefinition[] = [],
  const O extends Record<string, OptionDefinition> = NoOptions,
>(definition: TypedCommand<A, O>): Command {
  // The parser builds the values from these very definitions, which the type system cannot follow.
  return { args: [], options: {}, ...definition } as unknown as Command;
}
