import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Central, openCentral } from "../fixtures/central.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { freePort, type Running, startLynceus, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const WAIT_MS = 110_000;

describe("a lane with a radiation portal", () => {
  let site: Site;
  let broker: Mosquitto;
  let central: Central;
  let gateway: Running;
  let scanner: Running;

  beforeAll(async () => {
    const [portal, scale] = [await freePort(), await freePort()];
    const lane = `    peripherals:
      - { id: rpm, kind: radiation, protocol: vm250, transport: "tcp://127.0.0.1:${portal}", n42: occupancies }
      - { id: scale, kind: scale, protocol: mt-sics, transport: "tcp://127.0.0.1:${scale}" }
`;
    site = await createSite({ peripherals: false, lane });
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    const faults = join(site.folder, "faults.json");
    writeFileSync(
      faults,
      JSON.stringify({
        schema: "lynceus-faults/1",
        faults: [
          { kind: "radiation-alarm", scan: 1, channel: "gamma" },
          { kind: "radiation-fault", scan: 2, what: "gamma-low" },
        ],
      }),
    );
    gateway = site.gateway();
    await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
    scanner = startLynceus([
      ...["simulate", "scanner", "--listen", `127.0.0.1:${site.scannerPort}`, "--rate", "0.4", "--seed", "9"],
      ...[
        "--radiation",
        `127.0.0.1:${portal}`,
        "--scale",
        `127.0.0.1:${scale}`,
        "--scans",
        "4",
        "--faults",
        faults,
      ],
      ...["--truth", site.truth, "--json"],
    ]);
  }, 3 * WAIT_MS);
  afterAll(async () => {
    for (const each of [scanner, gateway]) {
      each.child.kill("SIGTERM");
      await each.exited;
    }
    await central.close();
    await broker[Symbol.asyncDispose]();
    site.remove();
  });

  it("says in each hit what the portal said of its item: an alarm alone decides, a fault is told and is never normal", async () => {
    const first = () => central.hits().filter(({ revision }) => revision === 1);
    await until("four hits", WAIT_MS, () => first().length >= 4);
    const hits = first().sort((one, other) => Date.parse(one.capturedAt) - Date.parse(other.capturedAt));
    const radiation = hits.map(
      ({ measured }) => `${measured.radiation?.gamma} ${measured.radiation?.neutron}`,
    );
    expect(radiation).toEqual(["normal normal", "alarm normal", "fault normal", "normal normal"]);
    expect(hits[1]).toMatchObject({ decision: "ALARM", recommendation: "HOLD" });
    expect(hits[1]?.measured.radiation?.sigma).toBeGreaterThan(7);
    expect(hits[1]?.score.evidence).toContainEqual(
      expect.objectContaining({ code: "RADIATION_GAMMA", source: "radiation" }),
    );
    expect(hits[2]?.reasons).toContainEqual(
      expect.objectContaining({ code: "RADIATION_GAMMA", weight: 0, text: expect.stringMatching(/faulty/) }),
    );
    expect(hits.every(({ measured }) => measured.massKg !== null)).toBe(true);
    const alerts = await until("the alerts", WAIT_MS, () => {
      const codes = central.alerts().map(({ code }) => code);
      return codes.includes("RADIATION_ALARM") && codes.includes("RADIATION_FAULT") && codes;
    });
    expect(alerts).toContain("RADIATION_ALARM");
  });

  it("says fault of an item that passes while the portal is gone, and that it is gone", async () => {
    scanner.child.kill("SIGKILL");
    await scanner.exited;
    await until("the alert", WAIT_MS, () => central.alerts().some(({ code }) => code === "DEVICE_LOST"));
    scanner = startLynceus([
      ...["simulate", "scanner", "--listen", `127.0.0.1:${site.scannerPort}`, "--rate", "1", "--seed", "10"],
      "--json",
    ]);
    // A late analysis may still revise what was scanned before.
    const known = new Set(central.hits().map(({ scanId }) => scanId));
    const hit = await until("a hit", WAIT_MS, () => central.hits().find(({ scanId }) => !known.has(scanId)));
    expect(hit.measured.radiation).toEqual({ gamma: "fault", neutron: "fault", sigma: null });
    await until("the red state", WAIT_MS, () => central.last("state")?.["code"] === "DEVICE_LOST");
    expect(central.last("state")).toMatchObject({ state: "fault" });
  });
});
