import type { Certificate } from "./record.ts";

/** Who gets certificates for orgs' own domains. Every method may be repeated; failures are `ProviderError`s. */
export interface CertificateDriver {
  /** Asks for one, or finds the one that was asked for. A wildcard's covers the name under it too. */
  ask(hostname: string): Promise<Certificate>;
  /** How far it is; null when the provider is sure that it has none of this id. */
  look(id: string): Promise<Certificate | null>;
  /** Removes it, or finds it gone. */
  remove(id: string): Promise<void>;
}
