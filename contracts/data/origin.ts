/** Who made a change, as the platform knows it; a script has no say in it. */
export interface Origin {
  /** The run that wrote; null for the API. */
  executionId: string | null;
  /** Events above that run: 0 for one that no event started. */
  depth: number;
}

/** A change that no script made. */
export const NO_ORIGIN: Origin = { executionId: null, depth: 0 };
