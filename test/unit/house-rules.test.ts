import { readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../protocols/errors.ts";
import { projectFiles, projectText, ROOT } from "../fixtures/project.ts";
import { SECONDS } from "../setup/seconds.ts";

/** What each folder may import from: imports point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocols: ["protocols"],
  models: ["models", "protocols"],
  device: ["device", "models", "protocols"],
  simulator: ["simulator", "protocols"],
};
/** The command line's lazy import of the simulator: the one exception, in one file. */
const EXCEPTION = "device/cli/simulate.ts";
const TOP_LEVEL =
  /^(device|models|protocols|simulator|test|package\.json|package-lock\.json|tsconfig\.json|README\.md|biome\.json|vitest\.config\.ts|LICENSE|NOTICE|CHANGELOG\.md|SECURITY\.md|node_modules|dist|\..+)$/;
const MAX_LINES = 400;

const sources = Object.keys(MAY_IMPORT).flatMap((folder) => projectFiles(folder, ".ts"));

function importsOf(file: string): readonly string[] {
  const pattern = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g;
  return [...projectText(file).matchAll(pattern)].map((match) =>
    normalize(join(dirname(file), match[1] ?? "")),
  );
}

describe("the house", () => {
  it("keeps imports pointing one way", () => {
    const wrong = sources.flatMap((file) => {
      const room = file.split("/")[0] ?? "";
      return importsOf(file)
        .filter((target) => !(MAY_IMPORT[room] ?? []).includes(target.split("/")[0] ?? ""))
        .filter((target) => !(file === EXCEPTION && target === "simulator/commands.ts"))
        .map((target) => `${file} → ${target}`);
    });
    expect(wrong.filter((line) => !line.endsWith("package.json"))).toEqual([]);
  });

  it("does no input or output in protocols", () => {
    const forbidden = /from "node:(fs|net|tls|http|https|dgram|child_process|worker_threads|os|timers)/;
    const wrong = projectFiles("protocols", ".ts").filter(
      (file) => file !== "protocols/generate.ts" && forbidden.test(projectText(file)),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps rooms small and free of default exports", () => {
    const all = [...sources, ...projectFiles("test", ".ts")];
    const long = all.filter((file) => projectText(file).split("\n").length > MAX_LINES);
    expect(long).toEqual([]);
    const defaults = all.filter((file) => /^export default/m.test(projectText(file)));
    expect(defaults).toEqual([]);
  });

  it("documents every error code, and only those that exist", () => {
    const documented = [...projectText("device/ERRORS.md").matchAll(/^\| `(LYN_[A-Z0-9_]+)` +\|/gm)].map(
      (match) => match[1],
    );
    expect(documented).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it("throws no error code that nobody uses", () => {
    const text = sources
      .filter((file) => file !== "protocols/errors.ts")
      .map(projectText)
      .join("\n");
    const unused = Object.keys(ERROR_CODES).filter((code) => !text.includes(`"${code}"`));
    expect(unused).toEqual([]);
  });

  it("orders the tests by the times of files that there are", () => {
    const files = projectFiles("test", ".test.ts");
    expect(Object.keys(SECONDS).filter((name) => !files.includes(`test/${name}.test.ts`))).toEqual([]);
  });

  it("has nothing else at the top, and a README in each room", () => {
    expect(readdirSync(ROOT).filter((name) => !TOP_LEVEL.test(name))).toEqual([]);
    for (const folder of [...Object.keys(MAY_IMPORT), "test"]) {
      const lines = projectText(`${folder}/README.md`).split("\n").length;
      expect(lines, `${folder}/README.md is one screen`).toBeLessThanOrEqual(80);
    }
  });
});
