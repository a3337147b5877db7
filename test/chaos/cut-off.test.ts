import { join } from "node:path";
import { expect, test } from "vitest";
import { type Cable, layCable } from "../fixtures/chaos/namespaces.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { readNdjson, startProcess, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { createSite } from "../fixtures/site.ts";

/** While the cable is pulled. */
const SCANS = 6;
const WAIT_MS = 240_000;

/** A cable whose number no other test run uses. */
function someCable(): Cable | { readonly why: string } {
  let cable: ReturnType<typeof layCable> = { why: "" };
  for (let number = 1 + (process.pid % 199); number <= 200; number += 37) {
    cable = layCable(number);
    if (!("why" in cable)) return cable;
  }
  return cable;
}

test("P-43 a gateway that is cut off from its broker goes on scanning, and everything arrives when the cable is back", {
  timeout: 5 * WAIT_MS,
}, async () => {
  using cable = disposable(someCable());
  if ("why" in cable) {
    process.stdout.write(`not run here: ${cable.why}\n`);
    return;
  }
  const site = await createSite({ brokerHost: cable.here });
  await using broker = await startMosquitto({ port: site.brokerPort, host: cable.here });
  const central = site.central();
  const there = (args: readonly string[], onLine?: (line: string) => void) =>
    startProcess(
      cable.there[0] ?? "",
      [...cable.there.slice(1), process.execPath, join(ROOT, "device/bin/lynceus.js"), ...args],
      onLine === undefined ? {} : { onLine },
    );
  const started = [central, there(["run", "--config", site.config])];
  const arrived = () => new Set(readNdjson<{ subject?: string }>(site.out).map(({ subject }) => subject));
  /** Scans some items to the end and returns the ids that were acknowledged. */
  const scan = async (seed: number, count: number): Promise<readonly string[]> => {
    const acknowledged: string[] = [];
    const args = [...site.scannerArguments, "--seed", String(seed), "--rate", "2", "--scans", String(count)];
    const scanner = there(args, (line) => {
      const report = JSON.parse(line) as { event: string; scanId?: string };
      if (report.event === "acknowledged" && report.scanId !== undefined) acknowledged.push(report.scanId);
    });
    started.push(scanner);
    expect(await scanner.exited).toBe(0);
    expect(acknowledged).toHaveLength(count);
    return acknowledged;
  };
  try {
    const before = await scan(5, 2);
    await until("the first hits", WAIT_MS, () => before.every((scanId) => arrived().has(scanId)));
    cable.set("down");
    const meanwhile = await scan(6, SCANS);
    expect(meanwhile.filter((scanId) => arrived().has(scanId))).toEqual([]);
    cable.set("up");
    await until("every hit", WAIT_MS, () => meanwhile.every((scanId) => arrived().has(scanId)));
  } finally {
    for (const each of started) each.child.kill("SIGKILL");
    await Promise.all(started.map(({ exited }) => exited));
    await broker.stop();
    site.remove();
  }
});

function disposable(
  given: Cable | { readonly why: string },
): (Cable | { readonly why: string }) & Disposable {
  return "why" in given ? { ...given, [Symbol.dispose]: () => undefined } : given;
}
