import { attributeOf, formatTag } from "../dictionary.ts";
import type { DataSet } from "../model.ts";
import { find, numbers, texts } from "../values.ts";
import type { Finding } from "./finding.ts";
import type { Requirement } from "./modules.ts";

/** Checks one set of attributes. `path`: the sequences the set stands in, with a trailing slash, or nothing. */
export function checkRequirements(
  set: DataSet,
  requirements: readonly Requirement[],
  version: string | null,
  path = "",
): readonly Finding[] {
  return requirements
    .filter(({ since }) => since === undefined || version === since)
    .flatMap((requirement) => check(set, requirement, path) ?? []);
}

function check(set: DataSet, requirement: Requirement, path: string): Finding | null {
  const { tag, rule, type, values, lenient } = requirement;
  const name = attributeOf(tag, true)?.keyword ?? formatTag(tag);
  const say = (message: string, remedy: string): Finding => ({
    rule,
    level: lenient === true ? "warning" : "error",
    tag: path + formatTag(tag).slice(1, -1),
    message: `${name} ${message}`,
    remedy,
  });
  const element = find(set, tag);
  const allowed = values === undefined ? "" : ` (${values.join(", ")})`;
  if (element === undefined)
    return say("is absent", `Write it${allowed}${type === 2 ? "; it may be empty" : ""}.`);
  const { value } = element;
  const empty =
    value.kind === "bytes" ? value.bytes.length === 0 : value.kind === "items" && value.items.length === 0;
  if (empty) return type === 2 ? null : say("is empty", `Give it a value${allowed}.`);
  if (values === undefined) return null;
  const found = texts(element)[0] ?? String(numbers(element)[0] ?? "");
  if (values.includes(found)) return null;
  return say(`has a value that DICOS does not know${allowed}`, "Write one of the listed values.");
}
