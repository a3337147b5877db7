import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type Central, declarationOf, openCentral } from "../fixtures/central.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const SCAN = simulateScan({ seed: 31, index: 0, mix: "traffic" });
const WAIT_MS = 60_000;
/** Between two words on its health, ms. */
const HEALTH_MS = 30_000;

/** Each row of bad input that concerns the gateway as a whole, against a running one. */
describe("a running gateway", () => {
  let site: Site;
  let broker: Mosquitto;
  let gateway: Running;
  let central: Central;
  const sender = new LineSender();

  beforeAll(async () => {
    site = await createSite();
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    await sender.listen(site.scannerPort);
    gateway = site.gateway();
    await until("the lane to be idle", WAIT_MS, () => central.last("state")?.["state"] === "idle");
  });
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await central.close();
    await sender.close();
    await broker[Symbol.asyncDispose]();
    site.remove();
  });

  const hitOf = (scanId: string, which: (hit: Hit) => boolean = ({ revision }) => revision === 1) =>
    until(`a hit of ${scanId}`, WAIT_MS, () =>
      central.hits().find((hit) => hit.scanId === scanId && which(hit)),
    );

  it("runs with reader and scale absent and says nothing it does not know", async () => {
    const { scanId } = await sender.send(SCAN, "absent-1");
    // On a busy machine the first hit may come at the deadline, before the analysis.
    const hit = await hitOf(scanId, ({ models }) => models.length > 0);
    expect(hit.identifiers).toEqual([]);
    expect(hit.measured.massKg).toBeNull();
    expect(hit.declarations).toEqual([]);
  });

  it("turns a declaration without its required members into a dead letter and an alert with the pointer", async () => {
    const { aedId: _dropped, ...rest } = declarationOf("RR473124829GB");
    await central.declare(rest);
    await central.declare(new TextEncoder().encode("this is not JSON"));
    const alert = await until("the alert", WAIT_MS, () =>
      central.alerts().find((each) => each.code === "DECLARATION_DEAD_LETTER"),
    );
    expect(alert.details["pointer"]).toBe("/aedId");
  });

  it("drops a faulty member, records a finding and uses the rest", async () => {
    const value = "RR123456785BR";
    const declared = declarationOf(value);
    const consignment = { ...(declared["consignment"] as object), packageCount: "one" };
    await central.declare({ ...declared, consignment, nickname: "x" });
    const { scanId } = await sender.send(SCAN, "faulty-1", [`]C0${value}`]);
    const hit = await until("a hit with its declaration", WAIT_MS, () =>
      central.hits().find((each) => each.scanId === scanId && each.declarations.length > 0),
    );
    const pointers = hit.declarations[0]?.quality.findings.map((finding) => finding.pointer) ?? [];
    expect(pointers.join(" ")).toContain("/nickname");
    expect(pointers.join(" ")).toContain("/consignment");
  });

  it("keeps an identifier with a wrong check digit and never matches it", async () => {
    const wrong = "RR473124828GB";
    await central.declare(
      declarationOf(wrong, { identifiers: [{ scheme: "S10", value: wrong, level: "item" }] }),
    );
    const { scanId } = await sender.send(SCAN, "wrong-digit-1", [`]C0${wrong}`]);
    const hit = await hitOf(scanId);
    expect(hit.identifiers).toEqual([
      expect.objectContaining({ scheme: "S10", value: wrong, checkOk: false }),
    ]);
    expect(hit.declarations).toEqual([]);
  });

  it("rescores a scan whose declaration comes later, and again without it when it is cancelled", async () => {
    const value = "EE123456785CN";
    const { scanId } = await sender.send(SCAN, "late-1", [`]C0${value}`]);
    const first = await hitOf(scanId);
    expect(first.declarations).toEqual([]);
    const declaration = declarationOf(value);
    await central.declare(declaration);
    const second = await hitOf(scanId, ({ cause }) => cause === "declaration");
    expect(second.declarations[0]?.aedId).toBe(declaration["aedId"]);
    expect(second.declarations[0]?.ageSeconds).toBeLessThan(0);
    const { schema, aedId, receivedAt } = declaration;
    await central.declare({ schema, aedId, receivedAt, revision: 2, function: "cancel" });
    const third = await hitOf(scanId, ({ cause }) => cause === "cancellation");
    expect(third.declarations).toEqual([]);
  });

  it("says what it consists of when that changes, and its health by the clock: neither with every scan", async () => {
    const before = central.events.length;
    const began = performance.now();
    for (const scanRef of ["calm-1", "calm-2", "calm-3"]) {
      const { scanId } = await sender.send(SCAN, scanRef);
      await hitOf(scanId);
    }
    const said = central.events.slice(before).map(({ name }) => name);
    expect(said.filter((name) => name === "info")).toEqual([]);
    const due = 1 + (performance.now() - began) / HEALTH_MS;
    expect(said.filter((name) => name === "health").length).toBeLessThanOrEqual(due);
    expect(central.last("info")?.["models"]).toHaveLength(4);
  });

  it("numbers hits and alerts without a gap and chains them", async () => {
    const rows = () => {
      const all = central.events.filter(({ name }) => name === "hit" || name === "alert");
      const byId = new Map(all.map(({ id, data }) => [id, data as unknown as Hit]));
      return [...byId.values()].sort((a, b) => a.sequence - b.sequence);
    };
    // An alert may come by another connection than the hit after it.
    const sealed = await until("every row up to the last", WAIT_MS, () => {
      const some = rows();
      return some.every((row, at) => row.sequence === (some[0]?.sequence ?? 0) + at) && some;
    });
    for (const [at, row] of sealed.entries())
      if (at > 0) expect(row.integrity.previous).toBe(sealed[at - 1]?.integrity.hash);
  });
});

describe("a gateway whose surroundings fail", () => {
  it("starts with broker, scanner, reader and scale absent, keeps trying, and ends within 10 s of SIGTERM", async () => {
    const site = await createSite();
    const gateway = site.gateway();
    try {
      await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
      expect(gateway.child.exitCode).toBeNull();
      const broker = await startMosquitto({ port: site.brokerPort });
      const central = await openCentral(site.brokerPort);
      await until("the lane to be said absent", WAIT_MS, () => central.last("state")?.["state"] === "absent");
      const sender = new LineSender();
      await sender.listen(site.scannerPort);
      await until("the lane to come back", 60_000, () => central.last("state")?.["state"] === "idle");
      gateway.child.kill("SIGTERM");
      const began = performance.now();
      expect(await gateway.exited).toBe(0);
      expect(performance.now() - began).toBeLessThan(10_000);
      await until(
        "the clean stop to be said",
        WAIT_MS,
        () => central.last("status")?.["state"] === "stopped",
      );
      await central.close();
      await sender.close();
      await broker[Symbol.asyncDispose]();
    } finally {
      gateway.child.kill("SIGKILL");
      await gateway.exited;
      site.remove();
    }
  });

  it("refuses the scanner with a reason when the disk is below its minimum, says so and goes on", async () => {
    const site = await createSite({ minFreeBytes: "900TB" });
    const broker = await startMosquitto({ port: site.brokerPort });
    const central = await openCentral(site.brokerPort);
    const sender = new LineSender();
    await sender.listen(site.scannerPort);
    const gateway = site.gateway();
    try {
      void sender.send(SCAN, "full-1").catch(() => undefined);
      const refusal = await until("the refusal", WAIT_MS, () => sender.refusals[0]);
      expect(refusal.code).toBe("SPOOL_FULL");
      expect(refusal.message).toMatch(/free|full|disk/i);
      await until("the alert", WAIT_MS, () => central.alerts().some((alert) => alert.code === "DISK_LOW"));
      expect(gateway.child.exitCode).toBeNull();
    } finally {
      gateway.child.kill("SIGKILL");
      await gateway.exited;
      await central.close();
      await sender.close();
      await broker[Symbol.asyncDispose]();
      site.remove();
    }
  });
});
