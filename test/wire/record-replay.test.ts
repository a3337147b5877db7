import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOTHING_MEASURED } from "../../device/lane/item.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { openPeripheral } from "../../device/peripheral/open.ts";
import { openTransport } from "../../device/transport/open.ts";
import { MAX_RECORDING_LINE, parseRecordingLine } from "../../device/transport/recording.ts";
import { driver as acme } from "../fixtures/acme/driver.ts";
import { AcmePeer } from "../fixtures/acme/peer.ts";
import { captureRig, spoolRig } from "../fixtures/capture-rig.ts";
import { settle, until } from "../fixtures/line-device.ts";
import { freePort, startLynceus } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lynceus-record-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const header = JSON.stringify({ schema: "lynceus-recording/1", lane: "lane-1", at: "2026-03-01T00:00:00Z" });
const entry = (value: object) => JSON.stringify({ device: "label", t: 0, ...value });
const bytes = (text: string) => Buffer.from(text).toString("base64");

/** What a recording gives until it has been played: `count` labels, and nothing more for a while. */
async function labelsOf(
  lines: readonly string[],
  { query = "", count = 0 }: { query?: string; count?: number } = {},
): Promise<{ values: string[]; codes: (string | null)[] }> {
  const file = join(folder, "in.rec");
  await writeFile(file, `${lines.join("\n")}\n`);
  const reader = openPeripheral({
    ...{ id: "label", kind: "barcode", protocol: "line", clock: Date.now, log: SILENT_LOG },
    ...{ transport: openTransport(`replay://${file}${query}`), backoff: { baseMs: 5, maxMs: 10 } },
  });
  const values: string[] = [];
  const codes: (string | null)[] = [];
  reader.onReading(
    (reading) =>
      reading.kind === "identifier" && values.push(...reading.identifiers.map(({ value }) => value)),
  );
  reader.onLink(({ code }) => codes.push(code));
  reader.start();
  await until(() => values.length >= count && (codes.at(-1) ?? null) !== null, "the end of the recording");
  await settle(200);
  await reader.stop();
  return { values, codes };
}

describe("a recorded link played back", () => {
  it("gives each link again, from its opening to its end, and then stays away", async () => {
    const recorded = [
      header,
      entry({ event: "open", peer: "x" }),
      entry({ event: "in", bytes: bytes("]C0RR473124829GB\r\n]C0RB1234"), t: 50 }),
      entry({ event: "close", t: 60 }),
      entry({ event: "open", peer: "x", t: 70 }),
      entry({ event: "out", bytes: bytes("ignored"), t: 75 }),
      entry({ event: "in", bytes: bytes("56785GB\r\n]C0RB123456785GB\r\n"), t: 80 }),
    ];
    const { values, codes } = await labelsOf(recorded, { count: 3 });
    expect(values).toEqual(["RR473124829GB", "56785GB", "RB123456785GB"]);
    expect(codes).toEqual([null, "LYN_LINK_ENDED", null, "LYN_LINK_ENDED"]);
  });

  it("plays the device that is asked for, and says when it must be asked", async () => {
    const both = [
      header,
      entry({ event: "open", peer: "x" }),
      JSON.stringify({ device: "scale", t: 1, event: "open", peer: "y" }),
      entry({ event: "in", bytes: bytes("]C0RR473124829GB\r\n"), t: 2 }),
    ];
    expect((await labelsOf(both, { query: "?device=label&speed=0", count: 1 })).values).toEqual([
      "RR473124829GB",
    ]);
    expect((await labelsOf(both)).codes).toContain("LYN_LINK_ENDED");
  });

  it("is no link where the file is none", async () => {
    for (const lines of [
      ["hello"],
      [header, "not json"],
      [header, entry({ event: "jump" })],
      [header, "x".repeat(MAX_RECORDING_LINE + 1)],
    ])
      expect((await labelsOf(lines)).codes).toContain("LYN_RECORDING");
    expect(() => parseRecordingLine("{}")).toThrow(/no entry/);
  });
});

/** What the gateway has said, by a recording. */
function answersIn(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.flatMap((line) => {
    const recorded = JSON.parse(line) as { event: string; bytes?: string };
    return recorded.event === "out" ? [Buffer.from(recorded.bytes ?? "", "base64").toString()] : [];
  });
}

describe("lynceus record", () => {
  it("records scanner and scale of a lane without keeping a scan, and both play back as they were", async () => {
    const [scannerPort, scalePort] = [await freePort(), await freePort()];
    const config = join(folder, "lynceus.yaml");
    const out = join(folder, "lane.rec");
    await writeFile(
      config,
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: line-scan, transport: "tcp://127.0.0.1:${scannerPort}" }
    peripherals:
      - { id: scale, kind: scale, protocol: mt-sics, transport: "tcp://127.0.0.1:${scalePort}" }
`,
    );
    const scanner = startLynceus([
      ...["simulate", "scanner", "--listen", `127.0.0.1:${scannerPort}`, "--scale", `127.0.0.1:${scalePort}`],
      ...["--scans", "1", "--rate", "2", "--seed", "4", "--json"],
    ]);
    const recorder = startLynceus(["record", "--config", config, "--lane", "lane-1", "--out", out]);
    await until(
      () => scanner.lines.some((line) => line.includes('"event":"refused"')),
      "the scan was sent and refused",
      60_000,
    );
    recorder.child.kill("SIGTERM");
    await recorder.exited;
    scanner.child.kill("SIGKILL");
    await scanner.exited;
    expect(scanner.lines.join()).not.toContain('"event":"acknowledged"');
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(await readFile(out, "utf8")).toContain('"device":"scale"');

    const masses: number[] = [];
    const scale = openPeripheral({
      ...{ id: "scale", kind: "scale", protocol: "mt-sics", clock: Date.now, log: SILENT_LOG },
      transport: openTransport(`replay://${out}?device=scale&speed=50`),
    });
    scale.onReading((reading) => reading.kind === "mass" && masses.push(reading.massKg));
    scale.start();
    const disk = await spoolRig();
    const rig = await captureRig(disk.spool, { url: `replay://${out}?device=scanner&speed=0` });
    await rig.until(() => rig.taken.length === 1, "the scan, from the recording", 20_000);
    await until(() => masses.length >= 1, "the mass, from the recording", 20_000);
    expect(rig.taken[0]?.capture.planes).toHaveLength(2);
    await scale.stop();
    await rig.stop();
    await disk.stop();
  });

  it("records the link of a vendor's module, and the module reads the recording", async () => {
    const peer = new AcmePeer();
    const { url } = await peer.start();
    const module = join(ROOT, "test/fixtures/acme/driver.ts");
    const config = join(folder, "lynceus.yaml");
    const out = join(folder, "vendor.rec");
    await writeFile(
      config,
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1" }
spool: { path: spool }
lanes:
  - { id: vendor, scanner: { driver: module, module: ${module}, options: { url: "${url}" } } }
`,
    );
    const samples = Uint16Array.from({ length: 20 * 8 }, (_, at) => 1000 + at);
    const sent = peer.send({ scanRef: "field-1", width: 20, height: 8, samples });
    const recorder = startLynceus(["record", "--config", config, "--lane", "vendor", "--out", out]);
    await Promise.race([sent, recorder.exited]);
    await until(() => answersIn(out).some((text) => text.includes("KEEP field-1")), "the refusal", 60_000);
    recorder.child.kill("SIGTERM");
    await recorder.exited;
    await peer.stop();
    expect(peer.acknowledged).toEqual([]);

    const disk = await spoolRig();
    const context = {
      lane: "vendor",
      store: disk.spool,
      maxScanBytes: 1e6,
      clock: Date.now,
      log: SILENT_LOG,
    };
    const driver = acme.createDriver({
      ...context,
      options: { url: `replay://${out}?device=scanner&speed=0` },
      transport: (link) => openTransport(link),
    });
    await driver.start();
    for await (const capture of driver.captures()) {
      expect(capture).toMatchObject({ key: { scanRef: "field-1" }, views: [{ width: 20, height: 8 }] });
      const item = { lane: "vendor", identifiers: [], measured: NOTHING_MEASURED, trackingAmbiguous: false };
      await driver.acknowledge(capture, (await disk.spool.accept(capture, item)).scan);
      break;
    }
    await driver.stop();
    await disk.stop();
  });
});
