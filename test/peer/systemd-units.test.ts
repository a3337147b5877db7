import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { childrenOf, startLynceus, startProcess, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";

const MINUTE = 60_000;
const UNITS = join(ROOT, "device/deploy/systemd");
/** `systemd-analyze security` calls up to 2.0 the lower end of "OK". */
const MAX_EXPOSURE = 2;

describe("the units for systemd", () => {
  it.each(["lynceus-gateway.service", "lynceus-inference.service"])(
    "%s is exposed to 2.0 at most",
    async (unit) => {
      const run = await runCommand(
        "systemd-analyze",
        ["security", "--offline=true", "--no-pager", join(UNITS, unit)],
        { timeoutMs: MINUTE },
      );
      const score = Number(/Overall exposure level for \S+: ([0-9.]+)/.exec(run.stdout)?.[1]);
      console.log(`${unit}: exposure ${score}`);
      expect(run.code, run.stderr).toBe(0);
      expect(score).toBeLessThanOrEqual(MAX_EXPOSURE);
    },
    2 * MINUTE,
  );

  it("are read by systemd without a complaint about a key, and do what the runtime needs", async () => {
    for (const name of ["lynceus-gateway.service", "lynceus-inference.service"]) {
      const run = await runCommand("systemd-analyze", ["verify", "--man=no", join(UNITS, name)], {
        timeoutMs: MINUTE,
      });
      const complaints = run.stderr
        .split("\n")
        .filter((line) => /Unknown|Invalid|Failed to parse/i.test(line));
      expect(complaints).toEqual([]);
    }
    const gateway = readFileSync(join(UNITS, "lynceus-gateway.service"), "utf8");
    const inference = readFileSync(join(UNITS, "lynceus-inference.service"), "utf8");
    expect(gateway).toMatch(/^Type=notify$/m);
    expect(gateway).toMatch(/^WatchdogSec=/m);
    expect(inference).toMatch(/^PrivateNetwork=yes$/m);
    expect(inference).toMatch(/^MemoryMax=/m);
    // V8 ends at once under it.
    expect(gateway + inference).not.toMatch(/^MemoryDenyWriteExecute=yes/m);
    // Whether the clock follows a reference is asked of the kernel; nobody may set it.
    expect(gateway).toMatch(/^SystemCallFilter=adjtimex clock_adjtime clock_adjtime64$/m);
    expect(gateway).not.toMatch(/^ProtectClock=yes/m);
    expect(gateway).toMatch(/^CapabilityBoundingSet=$/m);
    const socket = /^Environment=LYNCEUS_INFERENCE_SOCKET=(.*)$/m.exec(gateway)?.[1];
    expect(inference).toContain(`--socket ${socket}`);
  });
});

describe("a gateway under a service manager", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-notify-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    "says when it is ready, feeds the watchdog while it runs, and says when it drains",
    async () => {
      mkdirSync(join(folder, "scans"));
      const socket = join(folder, "notify.sock");
      const heard: string[] = [];
      const manager = startProcess("socat", ["-u", `UNIX-RECV:${socket},mode=600`, "STDOUT"], {});
      manager.child.stdout?.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
      const text = () => heard.join("\n");
      await until("the manager's socket", MINUTE, () => {
        try {
          chmodSync(socket, 0o600);
          return true;
        } catch {
          return false;
        }
      });
      writeFileSync(
        join(folder, "lynceus.yaml"),
        `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:9" }
spool: { path: spool, minFreeBytes: 1MB }
lanes:
  - { id: lane-1, scanner: { driver: folder, path: scans }, models: [] }
`,
      );
      const gateway = startLynceus(["run", "--config", join(folder, "lynceus.yaml")], {
        env: { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "2000000" },
      });
      try {
        await until("READY", 2 * MINUTE, () => text().includes("READY=1"));
        const fed = () => text().split("WATCHDOG=1").length - 1;
        await until("food for the watchdog", MINUTE, () => fed() > 2);
        gateway.child.kill("SIGTERM");
        await gateway.exited;
        expect(text()).toContain("STOPPING=1");
      } finally {
        for (const pid of childrenOf(gateway.child.pid ?? 0)) process.kill(pid, "SIGKILL");
        gateway.child.kill("SIGKILL");
        manager.child.kill("SIGKILL");
      }
    },
    5 * MINUTE,
  );
});
