import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";

/** What a user's shell has: the system's node and npm, not the project's pinned ones. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MINUTES = 60_000;

function userEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|TEST)/i.test(name));
  return { ...Object.fromEntries(kept), PATH: SYSTEM_PATH };
}

/** A copy of what git would clone, uncommitted changes included, so that the test speaks of the tree it runs in. */
function cloneTo(folder: string): void {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  for (const file of listed.split("\0").filter((name) => name !== "" && existsSync(join(ROOT, name)))) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
}

describe("a clean clone", () => {
  let folder = "";
  const env = userEnvironment();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-clone-"));
    cloneTo(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["10", "11"])(
    "runs the main job by `npm start` with npm %s, installing what is missing",
    async (major) => {
      rmSync(join(folder, "node_modules"), { recursive: true, force: true });
      const command = ["--yes", `npm@${major}`, "start", "--", "--scans", "2", "--seed", "3"];
      const run = await runCommand("npx", command, { cwd: folder, env, timeoutMs: 5 * MINUTES });
      expect(run.code, run.stderr.slice(-2000)).toBe(0);
      expect(run.stderr).toContain("installing npm packages");
      expect(run.stdout).toMatch(/2 scans/);
      process.stdout.write(`first start with npm ${major}: ${run.seconds.toFixed(1)} s\n`);
    },
    6 * MINUTES,
  );

  it(
    "starts at once the second time, with the npm of the machine",
    async () => {
      const run = await runCommand("npm", ["start", "--", "--scans", "2", "--seed", "3"], {
        cwd: folder,
        env,
        timeoutMs: 2 * MINUTES,
      });
      expect(run.code, run.stderr.slice(-2000)).toBe(0);
      expect(run.stderr).not.toContain("installing");
      process.stdout.write(`second start: ${run.seconds.toFixed(1)} s\n`);
    },
    3 * MINUTES,
  );

  it(
    "runs `npx lynceus` on the pinned Node",
    async () => {
      const run = await runCommand("npx", ["lynceus", "--version"], { cwd: folder, env, timeoutMs: MINUTES });
      expect(run.stdout.trim(), run.stderr).toMatch(/^\d+\.\d+\.\d+$/);
    },
    2 * MINUTES,
  );

  it(
    "says so plainly when the node it got is not 24",
    async () => {
      const pinned = join(folder, "node_modules", `node-linux-${process.arch}`);
      rmSync(pinned, { recursive: true, force: true });
      const system = execFileSync("node", ["-p", "process.versions.node"], { env, encoding: "utf8" }).trim();
      const run = await runCommand("npm", ["start", "--", "--scans", "1"], {
        cwd: folder,
        env,
        timeoutMs: 2 * MINUTES,
      });
      if (Number(system.split(".")[0]) >= 24) {
        expect(run.stderr).toContain(system);
        return;
      }
      expect(run.code).not.toBe(0);
      expect(run.stderr).toContain(`Node 24 is needed; the node found is ${system}`);
      const direct = await runCommand("node", [join(folder, "device/bin/lynceus.js"), "--version"], {
        cwd: folder,
        env,
        timeoutMs: MINUTES,
      });
      expect(direct.code).toBe(1);
      expect(direct.stderr).toContain("lynceus needs Node 24 or newer");
    },
    4 * MINUTES,
  );
});
