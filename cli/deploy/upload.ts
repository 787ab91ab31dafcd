/** What a deploy sends: the files of one version, and how to read their positions. */
export interface Upload {
  /** Path → text. */
  files: Record<string, string>;
  /** Entry among `files`. */
  main: string;
  /** Source map (JSON) of the entry; null where the files are the person's own. */
  sourceMap: string | null;
  sizeBytes: number;
  /** Names that are neither among the files nor installed here: the platform finds them, or says that they are not there. */
  external: string[];
  /** What a person should know although it did not stop the deploy, ready to print. */
  warnings: string[];
}

/** All files together, in bytes of UTF-8. */
export const sizeOf = (files: Record<string, string>): number =>
  Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
