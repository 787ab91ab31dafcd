import type { Issue } from "../../contracts/errors.ts";
import { clean, oneLine } from "../framework/text.ts";

const LINE_LENGTH_MAX = 160;

/** A reason with its place and, where it is known, the line of the source that it is about. */
export function frameOf(issue: Issue, sourceLine: string | null): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(":");
  const head = `  ${place === "" ? "" : `${clean(place)} `}${clean(issue.reason)}`;
  if (sourceLine === null || issue.line === undefined || issue.column === undefined) return head;
  if (sourceLine.length > LINE_LENGTH_MAX) return head;
  const number = String(issue.line);
  // Tabs keep their width under the caret when it is led there by tabs too.
  const lead = sourceLine.slice(0, issue.column - 1).replace(/[^\t]/g, " ");
  return `${head}\n    ${number} │ ${showTabs(sourceLine)}\n    ${" ".repeat(number.length)} ╵ ${lead}^`;
}

// One line of code as it stands; its tabs are harmless.
const showTabs = (line: string): string => line.split("\t").map(oneLine).join("\t");
