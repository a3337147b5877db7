import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlantController } from "../../simulator/plant/controller.ts";
import { Plant } from "../../simulator/plant/plant.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type Central, openCentral } from "../fixtures/central.ts";
import { LineSender } from "../fixtures/line-sender.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { childrenOf, type Running, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const SCAN = simulateScan({ seed: 32, index: 0, mix: "traffic" });
const WAIT_MS = 120_000;

describe("silence is never an answer", () => {
  let site: Site;
  let broker: Mosquitto;
  let gateway: Running;
  let central: Central;
  const sender = new LineSender();
  const now = () => performance.now();
  const plant = new Plant({ eyes: new Map(), diverterMm: 6000, speedMmS: 500, watchdogMs: null }, now());
  const controller = new PlantController({ address: { host: "127.0.0.1", port: 0 }, plant, now });

  beforeAll(async () => {
    const { port } = await controller.start();
    const map = "{ stop: { coil: 1 }, divert: { coil: 2 } }";
    site = await createSite({
      peripherals: false,
      lane: `    peripherals:
      - { id: plc, kind: conveyor, protocol: modbus, transport: "tcp://127.0.0.1:${port}", map: ${map} }
    belt: { onAlarm: divert, onFault: stop, deadlineMs: 1000 }
`,
    });
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    await sender.listen(site.scannerPort);
    gateway = site.gateway();
    await until(
      "ready",
      WAIT_MS,
      () => gateway.stderr().includes('"msg":"ready"') && central.last("state")?.["state"] === "idle",
    );
  });
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await central.close();
    await sender.close();
    await controller.stop();
    await broker[Symbol.asyncDispose]();
    site.remove();
  });

  it("P-31 gives the first hit at the deadline when the models are stuck, lets the belt act on it, and gives the analysis as a revision", async () => {
    const [child] = childrenOf(gateway.child.pid ?? 0);
    process.kill(child ?? 0, "SIGSTOP");
    expect(plant.stopped).toBe(false);
    const { scanId } = await sender.send(SCAN, "stuck-1");
    const first = await until("the first hit", WAIT_MS, () =>
      central.hits().find((hit) => hit.scanId === scanId),
    );
    // What is stuck for ten seconds is given up: on a busy machine the analysis itself needs most of them.
    process.kill(child ?? 0, "SIGCONT");
    expect(first).toMatchObject({
      revision: 1,
      cause: "initial",
      decision: "UNKNOWN",
      detections: [],
      models: [],
    });
    expect(["RESCAN", "NO_DECISION"]).toContain(first.recommendation);
    expect(first.reasons.length).toBeGreaterThan(0);
    expect(Date.parse(first.decidedAt) - Date.parse(first.receivedAt)).toBeGreaterThanOrEqual(900);
    await until("the belt does what onFault says", WAIT_MS, () => plant.stopped);
    const second = await until("the late analysis", WAIT_MS, () =>
      central.hits().find((hit) => hit.scanId === scanId && hit.revision === 2),
    );
    expect(second.cause).toBe("late-analysis");
    expect(second.models.length).toBeGreaterThan(0);
    expect(second.supersedes).not.toBeNull();
    // The belt has acted on the first hit: what follows changes nothing.
    plant.reset();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(plant.stopped).toBe(false);
    expect(plant.diverted).toEqual([]);
  });

  it("P-32 resumes a scan that a crash left without its analysis", async () => {
    const [child] = childrenOf(gateway.child.pid ?? 0);
    process.kill(child ?? 0, "SIGSTOP");
    const { scanId } = await sender.send(SCAN, "crash-1");
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    process.kill(child ?? 0, "SIGKILL");
    gateway = site.gateway();
    const hit = await until("the hit after the restart", WAIT_MS, () =>
      central.hits().find((each) => each.scanId === scanId && each.models.length > 0),
    );
    expect(hit.decision).not.toBe("UNKNOWN");
  });

  it("says stopping as soon as it is told to stop, while what is under way is given its time", async () => {
    await until("idle", WAIT_MS, () => central.last("state")?.["state"] === "idle");
    const [child] = childrenOf(gateway.child.pid ?? 0);
    process.kill(child ?? 0, "SIGSTOP");
    const { scanId } = await sender.send(SCAN, "stop-1");
    await until("its first hit", WAIT_MS, () => central.hits().find((hit) => hit.scanId === scanId));
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    await until("stopped", WAIT_MS, () => central.last("status")?.["state"] === "stopped");
    const saidAt = (state: string) =>
      central.events
        .filter(({ name }) => name === "status")
        .findLast(({ data }) => (data as { state: string }).state === state)?.time ?? "";
    // What is under way is given five seconds in between; leaving the broker takes two at most.
    expect(Date.parse(saidAt("stopped")) - Date.parse(saidAt("stopping"))).toBeGreaterThan(3500);
  });
});
