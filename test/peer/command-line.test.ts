import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../device/cli/main.ts";
import { ROOT } from "../fixtures/project.ts";
import { type Finished, runCommand } from "../fixtures/run-command.ts";

const lynceus = (...args: readonly string[]): Promise<Finished> =>
  runCommand(process.execPath, [join(ROOT, "device/bin/lynceus.js"), ...args], { timeoutMs: 60_000 });

describe("the command line", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-cli-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has help for every command", () => {
    const commands = createProgram().commands.filter((command) => command.name() !== "help");
    expect(commands.map((command) => command.name())).toEqual(
      expect.arrayContaining(["demo", "run", "check", "scan", "watch", "outbox", "simulate"]),
    );
    for (const command of commands) expect(command.description(), command.name()).not.toBe("");
  });

  it("answers wrong usage with exit 2 and says where help is", async () => {
    const runs = await Promise.all([
      lynceus("frobnicate"),
      lynceus("run"),
      lynceus("demo", "--scans", "many"),
      lynceus("watch", "--broker", "nowhere"),
      lynceus("simulate", "teapot"),
    ]);
    for (const run of runs) {
      expect(run.code, run.stderr).toBe(2);
      expect(run.stderr).toMatch(/--help|remedy/);
      expect(run.stdout).toBe("");
      expect(run.stderr).not.toMatch(/^\s+at /m);
    }
  });

  it("tells all faults of a configuration at once, exit 2; as JSON where asked", async () => {
    const file = join(folder, "bad.yaml");
    writeFileSync(
      file,
      'schema: lynceus-config/1\ngateway: { site: Rotterdam, id: gw-01 }\nbroker: { url: "http://x" }\nspol: { path: x }\nlanes: []\n',
    );
    const run = await lynceus("check", "--config", file);
    expect(run.code).toBe(2);
    for (const text of [
      "gateway.site",
      'found: "Rotterdam"',
      "broker.url",
      "mqtt://",
      'did you mean "spool"?',
      "lanes",
      "at least 1",
    ])
      expect(run.stderr).toContain(text);
    const json = await lynceus("check", "--config", file, "--json");
    expect(json.code).toBe(2);
    const report = JSON.parse(json.stdout) as { ok: boolean; faults: { path: string }[] };
    expect(report.ok).toBe(false);
    expect(report.faults.map((fault) => fault.path)).toEqual(
      expect.arrayContaining(["gateway.site", "broker.url", "spol", "lanes"]),
    );
    expect((await lynceus("run", "--config", file)).code).toBe(2);
  });

  it("answers a missing path with exit 2", async () => {
    const runs = await Promise.all([
      lynceus("run", "--config", "/does/not/exist.yaml"),
      lynceus("scan", "/does/not/exist.png"),
    ]);
    for (const run of runs) {
      expect(run.code, run.stderr).toBe(2);
      expect(run.stderr).toContain("remedy");
    }
  });

  it("shows an outbox that was never opened as an error with a remedy", async () => {
    const file = join(folder, "good.yaml");
    writeFileSync(
      file,
      'schema: lynceus-config/1\ngateway: { site: NLRTM-EX, id: gw-01 }\nbroker: { url: "mqtt://127.0.0.1:1" }\nspool: { path: nothing-here }\nlanes:\n  - { id: lane-1, scanner: { driver: folder, path: scans } }\n',
    );
    const run = await lynceus("outbox", "--config", file);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("LYN_SPOOL_MISSING");
  });
});
