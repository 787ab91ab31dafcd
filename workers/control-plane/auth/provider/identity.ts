/** Whom a provider has signed in. */
export interface Identity {
  /** The provider's own name for the person; never given to another. */
  subject: string;
  /** In lower case; null where the provider tells none that it vouches for. */
  email: string | null;
  name: string | null;
}

/** A provider that does not do what it is to do: its answer, or what it vouches for, is not good. */
export class ProviderFault extends Error {}
