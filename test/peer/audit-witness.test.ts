import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CustomsReport } from "../../simulator/customs/report.ts";
import { testKey } from "../fixtures/audit-log.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, startLynceus, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";

const MINUTE = 60_000;

describe("checkpoints between a gateway and central", () => {
  let folder = "";
  let broker: Mosquitto;
  const running: Running[] = [];
  const path = (name: string) => join(folder, name);
  const key = testKey();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-witness-"));
    broker = await startMosquitto();
    mkdirSync(path("scans"));
    writeFileSync(path("signing.key"), key.pem, { mode: 0o600 });
    writeFileSync(path("signing.pub"), key.publicPem);
    writeFileSync(
      path("lynceus.yaml"),
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "${broker.url}" }
spool: { path: spool, minFreeBytes: 1MB }
signing: { key: signing.key }
trust: { central: [central.key.pub] }
lanes:
  - { id: lane-1, scanner: { driver: folder, path: scans }, models: [], decideOnSynthetic: true }
`,
    );
  });
  afterAll(async () => {
    for (const { child } of running) child.kill("SIGKILL");
    await broker[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (args: readonly string[]) => {
    const process = startLynceus(args);
    running.push(process);
    return process;
  };
  const runLynceus = (args: readonly string[], options: { cwd: string; timeoutMs: number }) =>
    runCommand(process.execPath, [join(ROOT, "device/bin/lynceus.js"), ...args], options);
  const verify = (...args: string[]) =>
    runLynceus(["audit", "verify", ...args], { cwd: folder, timeoutMs: 2 * MINUTE });

  it(
    "are signed by the one, co-signed by the other, and verified by `lynceus audit verify` on the gateway and on an export",
    async () => {
      const central = start([
        ...["simulate", "customs", "--broker", broker.url, "--site", "NLRTM-EX", "--json", "--receipts"],
        ...["--out", path("central.ndjson"), "--witness-key", path("central.key")],
      ]);
      const reports = () => central.lines.map((line) => JSON.parse(line) as CustomsReport);
      const of = <Name extends CustomsReport["event"]>(name: Name) =>
        reports().filter((each): each is Extract<CustomsReport, { event: Name }> => each.event === name);
      await until("central", MINUTE, () => of("connected").length > 0);
      const gateway = start(["run", "--config", path("lynceus.yaml")]);
      await until("its first row at central", MINUTE, () => of("alert").length > 0);
      gateway.child.kill("SIGTERM");
      await gateway.exited;
      const again = start(["run", "--config", path("lynceus.yaml")]);
      const witnessed = await until("a co-signature", 2 * MINUTE, () => of("witnessed").at(-1));
      writeFileSync(path("witness.txt"), witnessed.note);
      await until("the gateway to have it", MINUTE, async () => {
        const run = await verify("--config", "lynceus.yaml", "--json");
        const report = JSON.parse(run.stdout) as { ok: boolean; journals: { witnessed: unknown }[] };
        return report.ok && report.journals[0]?.witnessed !== null;
      });
      again.child.kill("SIGTERM");
      await again.exited;
      expect(of("not-witnessed")).toEqual([]);

      const whole = await verify("--config", "lynceus.yaml");
      expect(whole.code, whole.stderr).toBe(0);
      expect(whole.stdout).toMatch(/witnessed +[1-9][0-9]* rows by central/);
      const exported = await runLynceus(["audit", "export", "--config", "lynceus.yaml", "--out", "log"], {
        cwd: folder,
        timeoutMs: MINUTE,
      });
      expect(exported.code, exported.stderr).toBe(0);
      const keys = ["--key", "signing.pub", "--witness-key", "central.key.pub"];
      const offline = await verify("--export", "log", ...keys);
      expect(offline.code, offline.stdout).toBe(0);

      const log = readFileSync(path("log/log.ndjson"), "utf8");
      writeFileSync(path("log/log.ndjson"), log.replace("decid", "DECID"));
      const flipped = await verify("--export", "log", ...keys);
      expect(flipped.code).toBe(1);
      expect(flipped.stdout).toMatch(/BROKEN +Row 1 /);

      // All rows and the gateway's own checkpoints are taken away: central's copy still says that they were there.
      rmSync(path("spool/audit"), { recursive: true });
      const db = new DatabaseSync(path("spool/journal.db"));
      db.exec("DELETE FROM outbox");
      db.close();
      const emptied = await verify("--config", "lynceus.yaml");
      expect(emptied.code, emptied.stdout).toBe(0);
      const truncated = await verify("--config", "lynceus.yaml", "--witness", "witness.txt");
      expect(truncated.code).toBe(1);
      expect(truncated.stdout).toMatch(/BROKEN +Journal .* ends at row 0; a checkpoint says that it had/);
    },
    8 * MINUTE,
  );

  it("are not made with a key that others may write", async () => {
    writeFileSync(path("open.key"), key.pem, { mode: 0o644 });
    chmodSync(path("open.key"), 0o666);
    const text = readFileSync(path("lynceus.yaml"), "utf8").replace("key: signing.key", "key: open.key");
    writeFileSync(path("open.yaml"), text.replace("path: spool", "path: spool-2"));
    const run = await runLynceus(["run", "--config", "open.yaml"], { cwd: folder, timeoutMs: MINUTE });
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/LYN_SIGNING_KEY_EXPOSED.*mode 0666[\s\S]*chmod 600/);
  });
});
