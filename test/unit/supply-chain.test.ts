import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectText, ROOT } from "../fixtures/project.ts";
import { type LockedPackage, lockedPackages } from "../supply/lockfile.ts";
import { isAllowed, licenceTable, supplyFaults } from "../supply/rules.ts";

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  allowScripts: Record<string, boolean>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

const SOUND: LockedPackage = {
  path: "node_modules/a",
  name: "a",
  version: "1.0.0",
  licence: "MIT",
  integrity: "sha512-AAAA",
  resolved: null,
  dev: false,
  optional: false,
  loose: false,
  hasInstallScript: false,
};

describe("the packages that the lock file pins", () => {
  it("have a digest, a licence that asks for a notice only, and run no script that is not listed", () => {
    const packages = lockedPackages();
    expect(packages.length).toBeGreaterThan(100);
    expect(supplyFaults(packages, manifest.allowScripts)).toEqual([]);
  });

  it("run no script at all when they are installed: each that has one is told not to", () => {
    expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([]);
  });

  it("are asked for by exact versions", () => {
    const asked = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.entries(asked).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
  });

  it("are listed with their licences for the sites", () => {
    expect(projectText("device/deploy/LICENCES.md"), "run `npm run licences`").toBe(
      licenceTable(lockedPackages()),
    );
  });

  it.each<[string, Partial<LockedPackage>, RegExp]>([
    ["without a digest", { integrity: null }, /no SHA-512/],
    ["with a weak digest", { integrity: "sha1-AAAA" }, /no SHA-512/],
    ["from elsewhere", { resolved: "git+ssh://git@example.org/a.git" }, /comes from git/],
    ["that is a tool's, without a digest", { integrity: null, dev: true, optional: true }, /no SHA-512/],
    ["without a licence", { licence: null }, /names no licence/],
    ["under copyleft", { licence: "GPL-3.0-only" }, /is under GPL-3\.0-only/],
    ["under copyleft in part", { licence: "MIT AND AGPL-3.0-only" }, /is under MIT AND/],
    ["under a licence of tools, shipped", { licence: "MPL-2.0" }, /is under MPL-2\.0/],
    ["with a script", { hasInstallScript: true }, /runs a script/],
  ])("are refused %s", (_, change, words) => {
    const faults = supplyFaults([{ ...SOUND, ...change }], {});
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(words);
  });

  it("may leave a choice of licences, and have named exceptions", () => {
    expect(supplyFaults([SOUND, { ...SOUND, hasInstallScript: true }], { a: false })).toEqual([]);
    expect(isAllowed("(GPL-2.0-only OR MIT)", SOUND)).toBe(true);
    expect(isAllowed("LGPL-3.0-or-later", { name: "@img/sharp-libvips-linux-x64", dev: false })).toBe(true);
    expect(isAllowed("LGPL-3.0-or-later", { name: "other", dev: false })).toBe(false);
    expect(isAllowed("MPL-2.0", { name: "lightningcss", dev: true })).toBe(true);
  });
});
