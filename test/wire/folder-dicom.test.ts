import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPlanes } from "../../device/inference/planes.ts";
import { NOTHING_MEASURED } from "../../device/lane/item.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Capture } from "../../device/scan.ts";
import { createFolderDriver } from "../../device/scanner/folder/driver.ts";
import type { ScannerEvent, ScannerMachine } from "../../device/scanner/port.ts";
import type { Accepted } from "../../device/spool/port.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { type SpoolRig, spoolRig } from "../fixtures/capture-rig.ts";
import { dxOf, fileOf, planeOf, uidOf, writePair } from "../fixtures/dicom.ts";
import { referenceFiles } from "../fixtures/dicos.ts";
import { until } from "../fixtures/processes.ts";

const WAIT_MS = 60_000;
const LANE = "lane-1";

describe("DICOM objects in a folder", () => {
  let spool: SpoolRig;
  let folder: string;
  let taken: { capture: Capture; accepted: Accepted }[];
  let events: ScannerEvent[];
  const stopping: (() => Promise<void>)[] = [];
  let machine: () => ScannerMachine | null | undefined;

  beforeEach(async () => {
    spool = await spoolRig();
    folder = await mkdtemp(join(tmpdir(), "lynceus-folder-dicom-"));
    [taken, events] = [[], []];
  });
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop();
    await spool.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(timings: { joinMs?: number; lateMs?: number } = {}): Promise<() => Promise<void>> {
    const driver = createFolderDriver({
      lane: LANE,
      path: folder,
      store: spool.spool,
      maxScanBytes: 400e6,
      clock: Date.now,
      log: SILENT_LOG,
      timings: { pollMs: 20, quietMs: 100, joinMs: 60_000, ...timings },
    });
    driver.onEvent((event) => events.push(event));
    machine = () => driver.machine;
    await driver.start();
    const consumed = (async () => {
      for await (const capture of driver.captures()) {
        const { identifiers } = capture;
        const item = { lane: LANE, identifiers, measured: NOTHING_MEASURED, trackingAmbiguous: false };
        const accepted = await spool.spool.accept(capture, item);
        await driver.acknowledge(capture, accepted.scan);
        taken.push({ capture, accepted });
      }
    })();
    const stop = async () => {
      await driver.stop();
      await consumed;
    };
    stopping.push(stop);
    return stop;
  }
  const list = async (...names: readonly string[]) =>
    (await readdir(join(folder, ...names)).catch(() => []))
      .filter((name) => /\.(dcs|dcm|txt)$/.test(name))
      .sort();
  /** Files as a scanner leaves them: whole, moved in. */
  async function moveIn(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await utimes(path, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
      await rename(path, join(folder, basename(path)));
    }
  }
  async function made<T>(make: (at: string) => Promise<T>): Promise<T> {
    const at = await mkdtemp(join(tmpdir(), "lynceus-made-"));
    stopping.push(() => rm(at, { recursive: true, force: true }));
    return make(at);
  }

  it("a pair of two files is one scan as soon as it is whole, with the files as they lay there as evidence", async () => {
    await start();
    const pair = await made((at) => writePair(at, "one"));
    const digests = await Promise.all(
      pair.map(async (path) =>
        createHash("sha256")
          .update(await readFile(path))
          .digest("hex"),
      ),
    );
    await moveIn(pair);
    await until("the scan", WAIT_MS, () => taken.length === 1);
    const { capture } = taken[0]!;
    expect(capture).toMatchObject({
      key: { serial: "dicom:SN-1", scanRef: uidOf("one") },
      kind: "dual-energy",
      acquisition: ["SUCCESSFUL"],
      identifiers: [{ scheme: "S10", value: "RR473124829GB", source: "dicos" }],
      statedMassKg: 2.5,
    });
    expect(capture.evidence?.map(({ sha256 }) => sha256).sort()).toEqual([...digests].sort());
    expect(readPlanes(capture).views[0]?.low).toEqual(planeOf(96, 64, 50_000, 20_000));
    expect(machine()?.serial).toBe("SN-1");
    for (const { file, sha256 } of capture.evidence ?? []) {
      const bytes = await readFile(join(capture.directory, file));
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
    }
    await until("both are filed", WAIT_MS, async () => (await list("done")).length === 2);
    expect(await list()).toEqual([]);
  });

  it("half a pair is a scan after the time-out, and the same one made whole when the other half comes", async () => {
    await start({ joinMs: 300 });
    const [low = "", high = ""] = await made((at) => writePair(at, "two"));
    await moveIn([low]);
    await until("the half", WAIT_MS, () => taken.length === 1);
    expect(taken[0]?.capture).toMatchObject({ kind: "single-energy", acquisition: ["INCOMPLETE"] });
    // It stays where it is, for what may come late.
    expect(await list()).toEqual([basename(low)]);
    await moveIn([high]);
    await until("the whole", WAIT_MS, () => taken.length === 2);
    expect(taken[1]?.accepted.outcome).toBe("replaced");
    expect(taken[1]?.capture.kind).toBe("dual-energy");
    expect(taken[1]?.accepted.scan.scanId).toBe(taken[0]?.accepted.scan.scanId);
    await until("both are filed", WAIT_MS, async () => (await list("done")).length === 2);
  });

  it("what nothing came for is filed in the end; after a restart it is not taken twice", async () => {
    const stop = await start({ joinMs: 200 });
    const [low = ""] = await made((at) => writePair(at, "three"));
    await moveIn([low]);
    await until("the half", WAIT_MS, () => taken.length === 1);
    await stop();
    await start({ joinMs: 200, lateMs: 300 });
    await until("it is filed", WAIT_MS, async () => (await list("done")).length === 1);
    expect(taken).toHaveLength(1);
  });

  it("takes volumes and millimetre-wave images, tells of reports, and keeps synthetic ones marked", async () => {
    const files = referenceFiles();
    if (files.length === 0) {
      console.log("no reference files beside the project: nothing to read");
      return;
    }
    await start({ joinMs: 300 });
    const copies = await made(async (at) =>
      Promise.all(
        files.map(async ({ path }, index) => {
          const copy = join(at, `${index}.dcs`);
          await copyFile(path, copy);
          return copy;
        }),
      ),
    );
    const synthetic = await made((at) => writePair(at, "synthetic", { origin: "SYNTHETIC" }));
    await moveIn([...copies, ...synthetic]);
    await until("a volume", WAIT_MS, () => taken.some(({ capture }) => capture.kind === "ct"));
    await until("a body scan", WAIT_MS, () => taken.some(({ capture }) => capture.kind === "ait"));
    await until("a report", WAIT_MS, () => events.some(({ code }) => code === "REPORT_RECEIVED"));
    await until("the synthetic one", WAIT_MS, () =>
      taken.some(
        ({ capture }) => capture.key.scanRef === uidOf("synthetic") && capture.origin === "SYNTHETIC",
      ),
    );
    expect(await list("failed")).toEqual([]);
  });

  it("what is no DICOM object goes aside with its reason, and pixels that cannot be read make a scan without views", async () => {
    await start({ joinMs: 200 });
    const [text, jpeg] = await made(async (at) => {
      const one = join(at, "text.dcm");
      await writeFile(one, "this is no object");
      const other = join(at, "broken.dcs");
      const single = dxOf("broken", { energy: "single", energies: { number: 0, count: 1 } });
      const rows = { kind: "bytes", bytes: Uint8Array.of(200, 0) } as const;
      const elements = single.elements.map((one) => (one.tag === TAG.rows ? { ...one, value: rows } : one));
      await writeFile(other, fileOf({ elements }));
      return [one, other];
    });
    await moveIn([text ?? "", jpeg ?? ""]);
    await until("the scan", WAIT_MS, () => taken.length === 1);
    expect(taken[0]?.capture).toMatchObject({ kind: "other", views: [] });
    await until("the reason", WAIT_MS, async () => (await list("failed")).length === 2);
    expect(await list("failed")).toEqual(["text.dcm", "text.dcm.reason.txt"]);
    expect(new Set(events.map(({ code }) => code))).toEqual(new Set(["IMAGE_UNREADABLE"]));
  });
});
