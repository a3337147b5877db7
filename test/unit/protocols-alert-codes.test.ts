import { expect, it } from "vitest";
import { ALERT_CODES } from "../../protocols/mqtt/alert.ts";
import { projectFiles, projectText } from "../fixtures/project.ts";

it("lists in protocols/mqtt/alert.ts the alert codes that the device raises, and only those", () => {
  const raised = projectFiles("device", ".ts").flatMap((file) =>
    [...projectText(file).matchAll(/\bcode: ([^\n]*)[,;]\s*(?:readonly )?severity: /g)].flatMap(
      ([, code = ""]) => [...code.matchAll(/"([A-Z][A-Z0-9_]+)"/g)].map((match) => match[1] ?? ""),
    ),
  );
  expect([...new Set(raised)].sort()).toEqual(Object.keys(ALERT_CODES).sort());
});
