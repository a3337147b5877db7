import type { z } from "zod";

/** RFC 6901 pointer of a path. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Where a value leaves its schema and what was wanted there, without ever quoting the value: it may be personal data.
 * Of several issues the first counts; of a union's, the deepest branch.
 */
export function issuePointer(error: z.core.$ZodError): { pointer: string; message: string } {
  const issue = error.issues[0];
  if (issue === undefined) return { pointer: "", message: "is not as it should be" };
  return { pointer: jsonPointer(issue.path), message: describeIssue(issue) };
}

/** What was wanted, in plain words and without the value found. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_big":
      return `must be at most ${issue.maximum}${issue.inclusive === false ? " (exclusive)" : ""}${unitOf(issue.origin)}`;
    case "too_small":
      return `must be at least ${issue.minimum}${issue.inclusive === false ? " (exclusive)" : ""}${unitOf(issue.origin)}`;
    case "invalid_format":
      return `must have the format ${issue.format}`;
    case "unrecognized_keys":
      return "holds a member that the schema does not know";
    case "invalid_union":
      return "matches none of the forms allowed";
    default:
      return issue.code === "custom" && issue.message !== undefined
        ? issue.message
        : "is not as it should be";
  }
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " entries" : "";
}
