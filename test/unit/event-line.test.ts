import { describe, expect, test } from "vitest";
import { eventLine } from "../../device/cli/event-line.ts";
import type { NamedEvent } from "../../protocols/mqtt/envelope.ts";

function event(name: NamedEvent["name"], data: object): NamedEvent {
  const time = "2026-11-20T08:00:00.000Z";
  return { name, id: "x", source: "/NLRTM-EX/gw-01/lane-1", time, data } as unknown as NamedEvent;
}

const HIT = {
  identifiers: [{ value: "RR473124829GB" }],
  score: { probability: 0.01 },
  reasons: [{ text: "No declaration: none matches" }],
  decision: "UNKNOWN",
  recommendation: "NO_DECISION",
  revision: 1,
  scan: { origin: "MACHINE", purpose: "OPERATIONAL" },
};

describe("a line for a person", () => {
  test("says why a scan that is none of the site's work is not decided", () => {
    const synthetic = { ...HIT, scan: { origin: "SYNTHETIC", purpose: "OPERATIONAL" } };
    expect(eventLine(event("hit", synthetic), false)).toContain(
      "not decided: the scan is synthetic; No decl",
    );
    const test = { ...HIT, scan: { origin: "MACHINE", purpose: "NON_OPERATIONAL" } };
    expect(eventLine(event("hit", test), false)).toContain("not decided: the scan is non-operational; No");
    expect(eventLine(event("hit", HIT), false)).not.toContain("not decided");
    const decided = { ...synthetic, decision: "CLEAR", recommendation: "RELEASE" };
    expect(eventLine(event("hit", decided), false)).not.toContain("not decided");
  });

  test("a broker's text cannot steer the terminal", () => {
    const alert = { code: "X", severity: "info", message: "a\u001b[2Jb\r\nc\u009bd", remedy: "none" };
    const line = eventLine(event("alert", alert), true);
    expect(line).toContain("a [2Jb  c d  → none");
    expect(line.replaceAll("\u001b[36m", "").replaceAll("\u001b[0m", "")).not.toMatch(/\p{Cc}/u);
  });
});
