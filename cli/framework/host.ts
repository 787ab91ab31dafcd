/** The world outside a command: everything it reads or writes that is not the control plane. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Home folder of the person. */
  readonly home: string;
  readonly machineName: string;
  /** Standard output. */
  out(text: string | Uint8Array): void;
  /** Standard error. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Asks the person at the terminal; null when nobody is there to answer. */
  readonly ask: ((question: string, options?: { hidden?: boolean }) => Promise<string>) | null;
  /** All of standard input, as text. */
  readInput(): Promise<string>;
  /**
   * A signal that aborts when the command is asked to end (Ctrl-C, SIGTERM). Whoever asks for it has
   * to end by itself then; a command that never asks ends at once, as processes do.
   */
  interrupted(): AbortSignal;
}
