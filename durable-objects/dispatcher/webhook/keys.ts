import { signingKeyOf } from "../../../contracts/webhook-signature.ts";
import { signingSecretContext } from "../../secrets/contexts.ts";
import type { Keyring } from "../../secrets/keyring.ts";
import type { Configuration } from "../configuration.ts";

/** A key and when it stops, in epoch milliseconds; null for never. */
type OpenedKey = { key: CryptoKey; until: number | null };

/** The signing keys of the webhook triggers, each opened when it is needed first and kept until the configuration changes. */
export class SigningKeys {
  readonly #configuration: Configuration;
  readonly #keyring: () => Keyring;
  #opened = new Map<string, Promise<OpenedKey[]>>();

  constructor(configuration: Configuration, keyring: () => Keyring) {
    this.#configuration = configuration;
    this.#keyring = keyring;
  }

  /** Those that are good now, the newest first. */
  async of(triggerId: string, now: number): Promise<CryptoKey[]> {
    let opened = this.#opened.get(triggerId);
    if (opened === undefined) {
      opened = this.#open(triggerId);
      this.#opened.set(triggerId, opened);
      // What failed once may go well the next time.
      opened.catch(() => this.#opened.delete(triggerId));
    }
    return (await opened).filter(({ until }) => until === null || now < until).map(({ key }) => key);
  }

  forget(): void {
    this.#opened = new Map();
  }

  async #open(triggerId: string): Promise<OpenedKey[]> {
    const orgId = this.#configuration.identity?.orgId ?? "";
    const context = signingSecretContext(orgId, triggerId);
    const secrets = this.#configuration.signingSecrets(triggerId);
    return Promise.all(
      secrets.map(async ({ sealed, until }) => ({
        key: await signingKeyOf(await this.#keyring().open(sealed, context)),
        until,
      })),
    );
  }
}
