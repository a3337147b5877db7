import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import {
  type DriverContext,
  type DriverSession,
  type Link,
  LynceusError,
  linkDriver,
  type ScannerDriver,
  type ScannerEvent,
  type ScanStore,
} from "../../device/scanner/module/public.ts";
import { openTransport } from "../../device/transport/open.ts";
import { type SpoolRig, spoolRig } from "../fixtures/capture-rig.ts";
import { until } from "../fixtures/processes.ts";

const HOUR_MS = 3_600_000;
const WAIT_MS = 20_000;

describe("a vendor's driver over one link", () => {
  let spool: SpoolRig;
  let machine: Server;
  let driver: ScannerDriver | null = null;
  const events: ScannerEvent[] = [];

  beforeEach(async () => {
    events.length = 0;
    spool = await spoolRig();
    machine = createServer((socket) => void socket.on("error", () => socket.destroy()).write("hello"));
    machine.listen(0, "127.0.0.1");
    await once(machine, "listening");
  });
  afterEach(async () => {
    await driver?.stop();
    machine.close();
    await spool.stop();
  });

  async function start(
    serve: (link: Link, session: DriverSession) => Promise<void>,
    context: Partial<DriverContext> = {},
  ): Promise<ScannerDriver> {
    const { port } = machine.address() as { port: number };
    const made = linkDriver({
      context: {
        ...{ lane: "lane-1", options: {}, store: spool.spool, maxScanBytes: 1e6, clock: Date.now },
        ...{ log: SILENT_LOG, transport: (url: string) => openTransport(url) },
        ...context,
      },
      transport: `tcp://127.0.0.1:${port}`,
      serve,
    });
    driver = made;
    made.onEvent((event) => events.push(event));
    await made.start();
    return made;
  }

  it("tells once of frames that are too old, at once or when they become so, and again of other old ones", async () => {
    let now = Date.now();
    const done: string[] = [];
    await start(
      async (_, session) => {
        session.healthy();
        session.calibrated({ darkAt: now - 1, airAt: now - 23 * HOUR_MS });
        await (await session.begin()).discard();
        done.push(`young ${events.length}`);
        now += 2 * HOUR_MS;
        for (let n = 0; n < 3; n++) await (await session.begin()).discard();
        done.push(`old ${events.length}`);
        session.calibrated({ darkAt: now - 30 * HOUR_MS, airAt: now });
        done.push(`other ${events.length}`);
        await once(session.signal, "abort");
      },
      { clock: () => now, maxCalibrationAgeMs: 24 * HOUR_MS },
    );
    await until("the session", WAIT_MS, () => done.length === 3);
    expect(done).toEqual(["young 0", "old 1", "other 2"]);
    expect(events.map(({ code }) => code)).toEqual(["CALIBRATION_OLD", "CALIBRATION_OLD"]);
    expect(events[0]?.remedy).toMatch(/scanner\.maxCalibrationAge/);
  });

  it("is named by the serial number of its scans, or by what its driver says of it", async () => {
    const done: string[] = [];
    const names: unknown[] = [];
    const made = await start(async (_, session) => {
      for (const scanRef of ["1", "2"]) {
        const scan = await session.begin();
        const key = { serial: "SN-9", scanRef, startedAt: "2026-01-01T00:00:00.000Z" };
        await scan.lines({ view: 0, energy: 2, height: 4 }, 0, new Uint8Array(8));
        const delivery = scan.deliver({ key, kind: "single-energy", views: [], airLevel: null });
        await Promise.race([delivery, once(session.signal, "abort")]);
        done.push(scanRef);
        session.machine({ vendor: "Acme", model: "Tunnel 1", serial: "SN-9/B" });
      }
      await once(session.signal, "abort");
    });
    made.onState(() => names.push(made.machine));
    for await (const capture of made.captures()) {
      await made.refuse(capture, "SPOOL_FULL", "not kept in this test");
      if (capture.key.scanRef === "2") break;
    }
    await until("both scans", WAIT_MS, () => done.length === 2);
    expect(made.machine).toEqual({ vendor: "Acme", model: "Tunnel 1", serial: "SN-9/B" });
    expect(names).toContainEqual({ vendor: null, model: null, serial: "SN-9" });
  });

  it("is stopped in bounded time though the vendor's code does not end", async () => {
    let serving = false;
    const made = await start(() => {
      serving = true;
      return new Promise(() => {});
    });
    await until("it serves", WAIT_MS, () => serving);
    const stopped = await Promise.race([
      made.stop().then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), WAIT_MS)),
    ]);
    expect(stopped).toBe(true);
    driver = null;
  });

  it("leaves no folder behind of a scan that cannot be looked up", async () => {
    const store: ScanStore = {
      admission: (lane) => spool.spool.admission(lane),
      begin: (options) => spool.spool.begin(options),
      find: () =>
        Promise.reject(new LynceusError("LYN_SPOOL_OVERLOADED", "too much waits", { remedy: "Wait." })),
    };
    let folder = "";
    const recording: ScanStore = {
      ...store,
      begin: async (options) => {
        const writer = await store.begin(options);
        folder = writer.directory;
        return writer;
      },
    };
    let failed: unknown = null;
    await start(
      async (_, session) => {
        const scan = await session.begin();
        await scan.lines({ view: 0, energy: 2, height: 4 }, 0, new Uint8Array(16));
        const finished = {
          key: { serial: "S", scanRef: "1", startedAt: "2026-01-01T00:00:00Z" },
          kind: "single-energy" as const,
          views: [],
          airLevel: null,
        };
        failed = await scan.deliver(finished).catch((error: unknown) => error);
        await once(session.signal, "abort");
      },
      { store: recording },
    );
    await until("the failure", WAIT_MS, () => failed !== null);
    expect(failed).toMatchObject({ code: "LYN_SPOOL_OVERLOADED" });
    await expect(readdir(folder)).rejects.toThrow(/ENOENT/);
  });
});
