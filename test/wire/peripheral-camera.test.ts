import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { writeBarcode } from "zxing-wasm/full";
import { SILENT_LOG } from "../../device/log.ts";
import { Camera } from "../../device/peripheral/camera/camera.ts";
import type { Reading } from "../../device/peripheral/port.ts";
import { labelPicture, SimulatedCamera } from "../../simulator/peripherals/camera.ts";
import { prepareWriter } from "../fixtures/barcode-writer.ts";
import { until } from "../fixtures/line-device.ts";

const WAIT_MS = 60_000;
const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function open(url: string, text = true) {
  const camera = new Camera({
    id: "eye",
    url,
    everyMs: 50,
    agreeWithinMs: WAIT_MS,
    text,
    clock: Date.now,
    log: SILENT_LOG,
    backoff: { baseMs: 20, maxMs: 50 },
  });
  const values: string[] = [];
  camera.onReading((reading: Reading) => {
    if (reading.kind === "identifier")
      values.push(...reading.identifiers.map(({ scheme, value, source }) => `${source} ${scheme} ${value}`));
  });
  camera.start();
  ended.push(() => camera.stop());
  return { camera, values };
}

async function simulated() {
  const camera = new SimulatedCamera({ address: { host: "127.0.0.1", port: 0 } });
  const { port } = await camera.start();
  ended.push(() => camera.stop());
  return { device: camera, url: `http://127.0.0.1:${port}` };
}

async function symbol(text: string): Promise<string> {
  await prepareWriter();
  const { svg } = await writeBarcode(text, { format: "Code128", scale: 3 });
  const drawn = svg.replace(/^[\s\S]*?<svg/, '<svg x="180" y="330"');
  return drawn;
}

describe("camera beside the tunnel", () => {
  it(
    "reads print from snapshots when two agree, and bar codes at once",
    async () => {
      const { device, url } = await simulated();
      const { values, camera } = open(`${url}/snapshot.jpg`);
      device.show(await labelPicture(["CSQU 305438 3", "AWB 020-1234 5675", "To: 12 High Street"]));
      await until(() => values.length >= 2, "both numbers", WAIT_MS);
      expect(values.toSorted()).toEqual(["ocr ISO6346 CSQU3054383", "ocr MAWB 02012345675"]);
      expect(camera.link.state).toBe("connected");
      device.show(await labelPicture([], await symbol("RR473124829GB")));
      await until(() => values.includes("barcode S10 RR473124829GB"), "the bar code", WAIT_MS);
      expect(values.join(" ")).not.toMatch(/High|Street/);
    },
    3 * WAIT_MS,
  );

  it(
    "reads an MJPEG stream, and comes back when the camera does",
    async () => {
      const { device, url } = await simulated();
      const { values, camera } = open(`${url}/stream`, false);
      await until(() => camera.link.state === "connected", "connected", WAIT_MS);
      device.show(await labelPicture([], await symbol("EE123456785CN")));
      await until(() => values.length === 1, "the bar code", WAIT_MS);
      await device.stop();
      await until(() => camera.link.state === "absent", "absent", WAIT_MS);
    },
    3 * WAIT_MS,
  );

  it(
    "reads a folder that pictures are put into, and passes over what is no picture",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "lynceus-camera-"));
      ended.push(() => rm(folder, { recursive: true, force: true }));
      const { values } = open(`file://${folder}`, false);
      await writeFile(join(folder, "broken.jpg"), "no picture");
      await writeFile(join(folder, "one.part"), await labelPicture([], await symbol("CP123456785CN")));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await rename(join(folder, "one.part"), join(folder, "one.jpg"));
      await until(() => values.includes("barcode S10 CP123456785CN"), "the bar code", WAIT_MS);
    },
    3 * WAIT_MS,
  );
});
