import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { lockedPackages } from "../supply/lockfile.ts";

const MINUTE = 60_000;

describe("the bill of materials", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-sbom-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    "is CycloneDX, names every package and model that is shipped with its licence, and is the same each time",
    async () => {
      const digests: string[] = [];
      for (const name of ["one.json", "two.json"]) {
        const run = await runCommand("npm", ["run", "--silent", "sbom", "--", join(folder, name)], {
          cwd: ROOT,
          timeoutMs: 2 * MINUTE,
        });
        expect(run.code, run.stderr).toBe(0);
        digests.push(
          createHash("sha256")
            .update(readFileSync(join(folder, name)))
            .digest("hex"),
        );
      }
      expect(digests[0]).toBe(digests[1]);
      const bom = JSON.parse(readFileSync(join(folder, "one.json"), "utf8")) as {
        bomFormat: string;
        components: { name: string; version: string; type: string; licenses?: unknown[] }[];
      };
      expect(bom.bomFormat).toBe("CycloneDX");
      const named = new Set(bom.components.map(({ name, version }) => `${name}@${version}`));
      const missing = lockedPackages()
        .filter(({ dev, optional, loose }) => !dev && !optional && !loose)
        .filter(({ name, version }) => !named.has(`${name}@${version}`));
      expect(missing).toEqual([]);
      expect(bom.components.filter(({ licenses }) => (licenses ?? []).length === 0)).toEqual([]);
      const models = bom.components.filter(({ type }) => type === "machine-learning-model");
      expect(models).toHaveLength(
        readdirSync(join(ROOT, "models/packages"), { withFileTypes: true }).filter((entry) =>
          entry.isDirectory(),
        ).length,
      );
      console.log(`bill of materials: ${bom.components.length} components, ${models.length} of them models`);
    },
    6 * MINUTE,
  );

  it(
    "has no advisory of high severity, as far as the registry answers",
    async () => {
      const run = await runCommand("npm", ["run", "--silent", "advisories"], {
        cwd: ROOT,
        timeoutMs: 2 * MINUTE,
      });
      console.log(run.stdout.trim());
      expect(run.stdout).toMatch(/^(advisories: |the registry could not be asked)/m);
      expect(run.code, run.stdout).toBe(0);
    },
    3 * MINUTE,
  );
});
