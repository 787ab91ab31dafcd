import { REDACTED } from "../../../contracts/redact.ts";

/** Shorter values are left alone: they would be found in half the words of a log. */
const LENGTH_MIN = 6;
/** Values remembered of one org, in characters, and of all, likewise; the oldest go first. */
const ORG_LENGTH_MAX = 1024 * 1024;
const LENGTH_MAX = 16 * 1024 * 1024;
/** Comparisons spent on one text; what is left of it then is not shown. */
const COMPARISONS_MAX = 2_000;
/** Texts that long may have been cut, in the middle of a value too. */
const CUT_LENGTH_MIN = 1_000;

/**
 * The secrets that scripts have read here, by org, so that logs can be kept free of them. The scan looks at
 * each place of a text once, whatever number of secrets there are, since both are a tenant's to choose.
 */
export class Redactor {
  readonly #orgs = new Map<string, Values>();
  #length = 0;

  /** Remembers a value, in the forms in which it is printed: as it is, in JSON, and in a URL. */
  remember(orgId: string, value: string): void {
    if (value.length < LENGTH_MIN) return;
    const known = this.#orgs.get(orgId);
    if (known?.has(value) === true) return;
    const values = known ?? new Values();
    this.#orgs.delete(orgId);
    this.#orgs.set(orgId, values);
    const before = values.length;
    values.add(value);
    this.#length += values.length - before;
    for (const [oldest, { length }] of this.#orgs) {
      if (this.#length <= LENGTH_MAX || oldest === orgId) break;
      this.#orgs.delete(oldest);
      this.#length -= length;
    }
  }

  /** The text with every remembered value of the org replaced. */
  redact(orgId: string, text: string): string {
    return this.#orgs.get(orgId)?.redact(text) ?? text;
  }
}

/** The values of one org. */
class Values {
  /** Values with their forms, oldest first. */
  readonly #forms = new Map<string, string[]>();
  /** By their beginnings, the longest first. */
  readonly #byStart = new Map<string, string[]>();
  /** Whether any begins with a character of this code, in the lowest eight bits. */
  readonly #first = new Uint8Array(256);
  length = 0;

  has(value: string): boolean {
    return this.#forms.has(value);
  }

  add(value: string): void {
    const forms = [...new Set([value, JSON.stringify(value).slice(1, -1), encoded(value)])];
    this.#forms.set(value, forms);
    for (const form of forms) this.#addForm(form);
    for (const oldest of this.#forms.keys()) {
      if (this.length <= ORG_LENGTH_MAX || oldest === value) return;
      this.#remove(oldest);
    }
  }

  redact(text: string): string {
    let shown = "";
    let from = 0;
    let comparisons = 0;
    for (let at = 0; at + LENGTH_MIN <= text.length; at++) {
      if (this.#first[text.charCodeAt(at) & 255] === 0) continue;
      const candidates = this.#byStart.get(text.slice(at, at + LENGTH_MIN));
      if (candidates === undefined) continue;
      comparisons += candidates.length;
      if (comparisons > COMPARISONS_MAX) return shown + text.slice(from, at) + REDACTED;
      const end = endOf(candidates, text, at);
      if (end === at) continue;
      shown += text.slice(from, at) + REDACTED;
      from = end;
      at = end - 1;
    }
    return from === 0 ? text : shown + text.slice(from);
  }

  #addForm(form: string): void {
    const start = form.slice(0, LENGTH_MIN);
    const others = this.#byStart.get(start) ?? [];
    this.#byStart.set(
      start,
      [...others, form].sort((a, b) => b.length - a.length),
    );
    this.#first[form.charCodeAt(0) & 255] = 1;
    this.length += form.length;
  }

  #remove(value: string): void {
    for (const form of this.#forms.get(value) ?? []) {
      const start = form.slice(0, LENGTH_MIN);
      const others = (this.#byStart.get(start) ?? []).filter((other) => other !== form);
      if (others.length === 0) this.#byStart.delete(start);
      else this.#byStart.set(start, others);
      this.length -= form.length;
    }
    this.#forms.delete(value);
  }
}

/** Where the longest of the values ends that stands at this place; the place itself when none does. */
function endOf(candidates: string[], text: string, at: number): number {
  for (const value of candidates) {
    if (text.startsWith(value, at)) return at + value.length;
    if (text.length < CUT_LENGTH_MIN || text.length - at > value.length) continue;
    // A text that was cut ends with a dot-dot-dot or with nothing.
    if (value.startsWith(text.slice(at, text.endsWith("…") ? -1 : undefined))) return text.length;
  }
  return at;
}

function encoded(value: string): string {
  return value.isWellFormed() ? encodeURIComponent(value) : value;
}

const redactor = new Redactor();

/** Remembers a secret that a script of the org has read. */
export const rememberSecret = (orgId: string, value: string): void => redactor.remember(orgId, value);

/** A text for the log, without the values of the secrets that scripts of its org have read here. */
export const redactSecrets = (orgId: string, text: string): string => redactor.redact(orgId, text);
