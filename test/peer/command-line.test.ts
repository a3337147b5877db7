import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../device/cli/main.ts";
import { wrap } from "../../protocols/mqtt/envelope.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
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
      lynceus("watch", "--broker", "mqtt://127.0.0.1:1", "--site", "Rotterdam"),
      lynceus("watch", "--broker", "mqtts://127.0.0.1:1", "--ca", "/does/not/exist.pem"),
      lynceus("run", "--config", "lynceus.yaml", "--log-level", "loud"),
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
      lynceus("driver", "test", "./does-not-exist.mjs"),
      lynceus("simulate", "season", "--count", "1", "--out", "/does/not/exist/season.ndjson"),
    ]);
    for (const run of runs) {
      expect(run.code, run.stderr).toBe(2);
      expect(run.stderr).toContain("remedy");
    }
  });

  it("lists the models that come with the project where there is no gateway", async () => {
    const run = await lynceus("models", "list", "--json");
    expect(run.code, run.stderr).toBe(0);
    const { models } = JSON.parse(run.stdout) as { models: { name: string; state: string }[] };
    for (const name of ["threat-detector", "declaration-risk"])
      expect(models).toContainEqual(expect.objectContaining({ name, state: "active" }));
    expect((await lynceus("models", "list", "--config", "/does/not/exist.yaml")).code).toBe(2);
  });

  it("shows an outbox that was never opened as an error with a remedy", async () => {
    const file = join(folder, "good.yaml");
    writeFileSync(
      file,
      'schema: lynceus-config/1\ngateway: { site: NLRTM-EX, id: gw-01 }\nbroker: { url: "mqtt://127.0.0.1:1" }\nspool: { path: nothing-here }\nlanes:\n  - { id: lane-1, scanner: { driver: folder, path: scans } }\n',
    );
    const run = await lynceus("outbox", "--config", file);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("LYN_SPOOL_MISSING");
  });

  it("ends a gateway whose spool cannot be opened with a readable error", async () => {
    const file = join(folder, "no-spool.yaml");
    writeFileSync(
      file,
      'schema: lynceus-config/1\ngateway: { site: NLRTM-EX, id: gw-01 }\nbroker: { url: "mqtt://127.0.0.1:1" }\nspool: { path: /dev/null/spool }\nlanes:\n  - { id: lane-1, scanner: { driver: folder, path: scans } }\n',
    );
    const run = await lynceus("run", "--config", file);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("LYN_SPOOL_WRITE");
    expect(run.stderr).toMatch(/remedy/);
  });

  it("watch ends without a word when its reader goes away", async () => {
    await using broker = await startMosquitto();
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const status = statusEvent("NLRTM-EX", "gw-01");
    const publisher = await connectAsync(url);
    await publisher.publishAsync("nii/v1/NLRTM-EX/gw-01/status", status, { retain: true, qos: 1 });
    await publisher.publishAsync("nii/v1/NLRTM-EX/gw-02/status", status, { retain: true, qos: 1 });
    await publisher.endAsync();
    const bin = join(ROOT, "device/bin/lynceus.js");
    const run = await runCommand(
      "bash",
      ["-c", `"${process.execPath}" "${bin}" watch --broker ${url} --json | (exec 0<&-; sleep 0.2)`],
      { timeoutMs: 30_000 },
    );
    expect(run.stderr).toBe(`watching ${url}\n`);
  });
});

function statusEvent(site: string, gateway: string): Buffer {
  const since = "2026-01-01T00:00:00.000Z";
  const id = "11111111-1111-4111-8111-111111111111";
  const data = { state: "online", bootId: id, since, versions: {} } as const;
  return Buffer.from(wrap({ name: "status", id, source: `/${site}/${gateway}`, time: since, data }));
}
