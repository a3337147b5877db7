import { join } from "node:path";
import { expect, test } from "vitest";
import { type Cable, layCable } from "../fixtures/chaos/namespaces.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { readNdjson, startProcess, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { createSite } from "../fixtures/site.ts";

const SCANS = 12;
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
  const gateway = there(["run", "--config", site.config]);
  const acknowledged: string[] = [];
  const hits = () => readNdjson<{ subject?: string; data: { revision: number } }>(site.out);
  const arrived = () => new Set(hits().map(({ subject }) => subject));
  const scanner = there(
    [...site.scannerArguments, "--seed", "5", "--rate", "2", "--scans", String(SCANS)],
    (line) => {
      const report = JSON.parse(line) as { event: string; scanId?: string };
      if (report.event === "acknowledged" && report.scanId !== undefined) acknowledged.push(report.scanId);
    },
  );
  try {
    await until("the first hits", WAIT_MS, () => arrived().size >= 2);
    cable.set("down");
    const before = acknowledged.length;
    await until(
      "scans while it is cut off",
      WAIT_MS,
      () => acknowledged.length >= Math.min(SCANS, before + 4),
    );
    expect(await scanner.exited).toBe(0);
    expect(arrived().size).toBeLessThan(SCANS);
    cable.set("up");
    await until("every hit", WAIT_MS, () => acknowledged.every((scanId) => arrived().has(scanId)));
    expect(acknowledged).toHaveLength(SCANS);
  } finally {
    for (const each of [gateway, central, scanner]) each.child.kill("SIGKILL");
    await Promise.all([gateway.exited, central.exited, scanner.exited]);
    await broker.stop();
    site.remove();
  }
});

function disposable(
  given: Cable | { readonly why: string },
): (Cable | { readonly why: string }) & Disposable {
  return "why" in given ? { ...given, [Symbol.dispose]: () => undefined } : given;
}
