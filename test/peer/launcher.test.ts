import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { childrenOf, startProcess, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";

/** The machine's own node, which may be older than the pinned one. */
const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it("a program started through an older system node ends with its launcher, even when that is killed", async () => {
  const env = { ...process.env, PATH: SYSTEM_PATH };
  const version = execFileSync("node", ["-p", "process.versions.node"], { env, encoding: "utf8" }).trim();
  const launcher = startProcess("node", [join(ROOT, "device/bin/lynceus.js"), "simulate", "broker"], { env });
  await until("the broker to say where it is", 30_000, () => launcher.lines.length > 0);
  const program = childrenOf(launcher.child.pid ?? 0)[0];
  launcher.child.kill("SIGKILL");
  await launcher.exited;
  if (Number(version.split(".")[0]) >= 24) {
    process.stdout.write(`the system's node is ${version}: it runs the program itself\n`);
    expect(program).toBeUndefined();
    return;
  }
  expect(program).toBeDefined();
  await until("the program to end", 15_000, () => !alive(program ?? 0));
});
