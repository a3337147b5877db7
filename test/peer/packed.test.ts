import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";

const MINUTES = 60_000;
const digestOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("the packed tarball, installed into an empty folder", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-pack-"));
    const packed =
      execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT, encoding: "utf8" })
        .trim()
        .split("\n")
        .at(-1) ?? "";
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "consumer", private: true, type: "module" }),
    );
    writeFileSync(join(folder, ".npmrc"), readFileSync(join(ROOT, ".npmrc")));
    execFileSync(
      "npm",
      ["install", "--silent", "--no-audit", "--no-fund", "--omit=dev", join(folder, packed)],
      {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
      },
    );
  }, 5 * MINUTES);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    "is packed the same, byte for byte, a second time",
    async () => {
      mkdirSync(join(folder, "again"));
      const again = await runCommand(
        "npm",
        ["pack", "--silent", "--ignore-scripts", "--pack-destination", join(folder, "again")],
        { cwd: ROOT, timeoutMs: 2 * MINUTES },
      );
      expect(again.code, again.stderr).toBe(0);
      const name = again.stdout.trim().split("\n").at(-1) ?? "";
      expect(digestOf(join(folder, "again", name))).toBe(digestOf(join(folder, name)));
    },
    3 * MINUTES,
  );

  it(
    "analyses a simulated pair with `lynceus scan`",
    async () => {
      const lynceus = join(folder, "node_modules/.bin/lynceus");
      const dataset = await runCommand(
        lynceus,
        ["simulate", "dataset", "--out", "data", "--count", "1", "--seed", "5"],
        { cwd: folder, timeoutMs: 2 * MINUTES },
      );
      expect(dataset.code, dataset.stderr).toBe(0);
      const run = await runCommand(lynceus, ["scan", "data/images", "--json"], {
        cwd: folder,
        timeoutMs: 2 * MINUTES,
      });
      expect(run.code, run.stderr).toBe(0);
      const hit = JSON.parse(run.stdout.trim().split("\n")[0] ?? "") as {
        schema: string;
        scan: { kind: string };
        models: unknown[];
      };
      expect(hit.schema).toBe("lynceus-hit/1.0");
      expect(hit.scan.kind).toBe("dual-energy");
      expect(hit.models.length).toBeGreaterThan(0);
      writeFileSync(join(folder, "hit.json"), run.stdout.trim().split("\n")[0] ?? "");
    },
    5 * MINUTES,
  );

  it(
    "gives central systems `parseHit` as plain JavaScript",
    async () => {
      writeFileSync(
        join(folder, "consumer.js"),
        'import { readFileSync } from "node:fs";\nimport { parseHit } from "lynceus/protocols";\nconst hit = parseHit(JSON.parse(readFileSync("hit.json", "utf8")));\nconsole.log(hit.decision, hit.recommendation);\n',
      );
      const run = await runCommand(process.execPath, ["consumer.js"], { cwd: folder, timeoutMs: MINUTES });
      expect(run.code, run.stderr).toBe(0);
      expect(run.stdout.trim()).toMatch(/^(ALARM|CLEAR|UNKNOWN) [A-Z_]+$/);
    },
    MINUTES,
  );

  it(
    "carries types",
    async () => {
      writeFileSync(
        join(folder, "consumer.ts"),
        'import { parseHit } from "lynceus/protocols";\nexport const decision: "ALARM" | "CLEAR" | "UNKNOWN" = parseHit({}).decision;\n',
      );
      const run = await runCommand(
        join(ROOT, "node_modules/.bin/tsc"),
        [
          "--noEmit",
          "--strict",
          "--module",
          "nodenext",
          "--moduleResolution",
          "nodenext",
          "--target",
          "es2024",
          "--types",
          "",
          "--skipLibCheck",
          "consumer.ts",
        ],
        { cwd: folder, timeoutMs: MINUTES },
      );
      expect(run.code, run.stdout).toBe(0);
    },
    MINUTES,
  );

  it(
    "holds a vendor's driver to the rules, written against the vendor kit in an empty folder",
    async () => {
      const acme = join(folder, "acme");
      mkdirSync(acme);
      for (const name of ["driver", "peer"]) {
        const text = readFileSync(join(ROOT, `test/fixtures/acme/${name}.ts`), "utf8")
          .replace('"../../../device/scanner/module/public.ts"', '"lynceus/driver"')
          .replace('"./peer.ts"', '"./peer.js"');
        writeFileSync(join(acme, `${name}.js`), stripTypeScriptTypes(text));
      }
      const lynceus = join(folder, "node_modules/.bin/lynceus");
      const run = await runCommand(lynceus, ["driver", "test", "./acme/driver.js"], {
        cwd: folder,
        timeoutMs: 4 * MINUTES,
      });
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(run.stdout).toContain("9 rules hold, 0 do not");
    },
    5 * MINUTES,
  );
});
