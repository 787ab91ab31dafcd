/** A letter as somebody asks for it. Both forms say the same; neither holds anything unescaped of a user's. */
export interface Letter {
  /** One address. */
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** A letter on its way; `id` is the same for every attempt, so that a provider can tell a repetition. */
export interface OutgoingLetter extends Letter {
  id: string;
}

/** One way by which letters leave. */
export interface MailDriver {
  /** Whether the text stays in the table after sending, because that is where it is read. */
  readonly keepsText: boolean;
  /**
   * Resolves when the letter is accepted.
   *
   * @throws MailRefusal when trying again is of no use, or only later; anything else is tried again.
   */
  send(letter: OutgoingLetter): Promise<void>;
}

/** Why a provider did not take a letter. */
export class MailRefusal extends Error {
  /** Whether it will never take this letter. */
  readonly permanent: boolean;
  /** How long it asked to wait, in milliseconds. */
  readonly retryAfterMs: number | null;

  constructor(message: string, options: { permanent?: boolean; retryAfterMs?: number | null } = {}) {
    super(message);
    this.name = "MailRefusal";
    this.permanent = options.permanent ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
