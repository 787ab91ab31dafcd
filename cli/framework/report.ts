import { type ErrorBody, issueSchema, type Issue, type PlatformError } from "../../contracts/errors.ts";
import { clean, type Paint } from "./text.ts";

/** The error as programs read it: the same object that the API answers with. */
export function errorJson(error: PlatformError): ErrorBody {
  return {
    error: { code: error.code, message: error.message, details: error.details, requestId: requestIdOf(error) },
  };
}

/** The error as people read it: the message, each reason on a line with its place, and what to quote when asking. */
export function errorText(error: PlatformError, paint: Paint): string {
  const lines = [`${paint("red", "error:")} ${clean(error.message)}`];
  const frames = error.details.frames;
  if (typeof frames === "string") lines.push(frames.trimEnd());
  else lines.push(...reasonsBeside(error).map((issue) => `  ${issueText(issue)}`));
  const { hint } = error.details;
  if (typeof hint === "string") lines.push(clean(hint));
  const requestId = requestIdOf(error);
  if (requestId !== "") lines.push(paint("dim", `request ${clean(requestId)}`));
  return lines.join("\n");
}

/** The reasons that the message does not say already. */
function reasonsBeside(error: PlatformError): Issue[] {
  const issues = issuesOf(error);
  const [only, second] = issues;
  return only !== undefined && second === undefined && error.message.includes(only.reason) ? [] : issues;
}

/** The reasons inside an `invalid` error; none when it has none. */
export function issuesOf(error: PlatformError): Issue[] {
  const { issues } = error.details;
  if (!Array.isArray(issues)) return [];
  return issues.flatMap((issue) => {
    const parsed = issueSchema.safeParse(issue);
    return parsed.success ? [parsed.data] : [];
  });
}

/** One reason, as `index.ts:3:9 reason` or `slug: reason`. */
function issueText(issue: Issue): string {
  if (issue.file !== undefined) {
    const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(":");
    return clean(`${place} ${issue.reason}`);
  }
  return clean(issue.field === undefined || issue.field === "" ? issue.reason : `${issue.field}: ${issue.reason}`);
}

function requestIdOf(error: PlatformError): string {
  return "requestId" in error && typeof error.requestId === "string" ? error.requestId : "";
}
