import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { childrenOf, startProcess, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { createSite } from "../fixtures/site.ts";

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

it("what runs for months holds its memory down, as the same process, and so does the analysis below it", async () => {
  const site = await createSite();
  const gateway = site.gateway();
  const argumentsOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  try {
    const pid = gateway.child.pid ?? 0;
    const analysis = await until("the analysis", 60_000, () =>
      childrenOf(pid).find((child) =>
        argumentsOf(child).some((argument) => argument.includes("inference/child")),
      ),
    );
    for (const each of [pid, analysis]) {
      expect(argumentsOf(each)).toContain("--max-semi-space-size=8");
      expect(readFileSync(`/proc/${each}/environ`, "utf8").split("\0")).toContain("MALLOC_ARENA_MAX=2");
    }
  } finally {
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    site.remove();
  }
});
