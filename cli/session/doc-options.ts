import type { z } from "zod";

import type { docSchema } from "../../contracts/api/docs.ts";
import type { Result } from "../framework/command.ts";
import type { Host } from "../framework/host.ts";
import { clean, formatTime } from "../framework/text.ts";
import { UsageError } from "../framework/usage.ts";
import { valueText } from "./data-text.ts";

/** A document as the API shows it. */
export type ApiDoc = z.output<typeof docSchema>;

/**
 * Fields in order, written `name` or `name:desc`.
 * @throws UsageError for another direction.
 */
export function readFields(given: readonly string[], option: string, command: string) {
  return given.map((text) => {
    const [, field, direction] = /^(.+?)(?::(asc|desc))?$/s.exec(text) ?? [];
    if (field === undefined || field.includes(":")) {
      throw new UsageError(`--${option} must be a field, such as age, age:desc or user.name, not "${text}".`, command);
    }
    return { field, descending: direction === "desc" };
  });
}

/** Fields as {@link readFields} reads them. */
export const fieldsText = (fields: readonly { field: string; descending: boolean }[]): string =>
  fields.map(({ field, descending }) => (descending ? `${field}:desc` : field)).join(" ");

/** A document on its own, for people. */
export function docResult(doc: ApiDoc, host: Host): Result {
  return {
    json: doc,
    text: valueText(doc.value, host),
    notes: [clean(`${doc.id}, version ${doc.version} of ${formatTime(doc.updatedAt)}`)],
  };
}

/** What a write of a document came to. */
export const writtenResult = (doc: ApiDoc, done: string): Result => ({
  json: doc,
  text: clean(`${doc.id} is ${done}, version ${doc.version}.`),
});
