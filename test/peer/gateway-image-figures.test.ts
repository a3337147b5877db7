import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_SCANS } from "../../device/profile/limit.ts";
import { type SimulatedScan, simulateScan } from "../../simulator/scan.ts";
import { type Central, openCentral } from "../fixtures/central.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const WAIT_MS = 60_000;

/** The scan of a detector whose pixels do not agree any more: every third row is 5 % brighter. */
function striped(scan: SimulatedScan): SimulatedScan {
  const planes = scan.planes.map((plane) => ({
    ...plane,
    samples: plane.samples.map((count, at) =>
      Math.floor(at / scan.width) % 3 === 0 ? Math.min(65_534, Math.round(count * 1.05)) : count,
    ),
  }));
  return { ...scan, planes };
}

describe("a machine that drifts", () => {
  let site: Site;
  let broker: Mosquitto;
  let central: Central;
  let gateway: Running;
  const sender = new LineSender();

  beforeAll(async () => {
    site = await createSite({ peripherals: false });
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    await sender.listen(site.scannerPort);
    gateway = site.gateway();
    await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
  }, 3 * WAIT_MS);
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await Promise.all([central.close(), sender.close()]);
    await broker[Symbol.asyncDispose]();
    site.remove();
  });

  it("is told of by an alert that names the figure, and what was learnt of it outlives the gateway", async () => {
    const scan = simulateScan({ seed: 51, index: 3, mix: "traffic" });
    for (let n = 0; n < LIMIT_SCANS; n++) await sender.send(scan, `sound-${n}`);
    for (let n = 0; n < LIMIT_SCANS; n++) await sender.send(striped(scan), `striped-${n}`);
    const alert = await until("the alert", WAIT_MS, () =>
      central.alerts().find(({ code }) => code === "IMAGE_STRIPES"),
    );
    expect(alert).toMatchObject({ severity: "warning", lane: "lane-1", details: { figure: "stripes" } });
    expect(Number(alert.details["now"])).toBeGreaterThan(0.01);
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    expect(existsSync(join(site.folder, "spool", "machines", "lane-1.json"))).toBe(true);
  });
});
