import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import {
  type CaptureRig,
  captureRig,
  type SpoolRig,
  spoolRig,
  storedPlane,
} from "../fixtures/capture-rig.ts";

const run = promisify(execFile);
const SENDER = fileURLToPath(new URL("../fixtures/sender.py", import.meta.url));
const WIDTH = 37;
const HEIGHT = 24;

let disk: SpoolRig;
let rig: CaptureRig;
afterEach(async () => {
  await rig.stop();
  await disk.stop();
});

/** The sender's formula: the two sides share nothing but the contract. */
function sample(energy: number, line: number, pixel: number): number {
  return (line * 4099 + pixel * 257 + energy * 7919 + (pixel === line ? 65_535 : 0)) % 65_536;
}

it("stores bit for bit what a sender written only from the contract sends", async () => {
  disk = await spoolRig();
  rig = await captureRig(disk.spool);
  const { stdout } = await run("python3", [SENDER, "127.0.0.1", String(await rig.port()), "PY-1"]);
  const [only] = rig.taken;
  expect(rig.taken).toHaveLength(1);
  expect(stdout.trim()).toBe(only?.accepted.scan.scanId);
  const capture = only!.capture;
  expect(capture).toMatchObject({
    key: { serial: "SN-PY", scanRef: "PY-1" },
    kind: "dual-energy",
    origin: "SYNTHETIC",
    purpose: "OPERATIONAL",
    acquisition: ["SUCCESSFUL"],
    airLevel: 60_000,
    views: [
      {
        view: 0,
        name: "top",
        width: WIDTH,
        height: HEIGHT,
        pixelPitchMm: { x: 1.5, y: 1.5 },
        energies: [0, 1],
      },
    ],
  });
  const stored = await disk.spool.scan(only!.accepted.scan.scanId);
  for (const energy of [0, 1]) {
    const plane = stored!.scan.planes.find((each) => each.energy === energy)!;
    const samples = await storedPlane(stored!.scan.directory, plane);
    const sent = Array.from({ length: WIDTH * HEIGHT }, (_, index) =>
      sample(energy, Math.floor(index / HEIGHT), index % HEIGHT),
    );
    expect([...samples]).toEqual(sent);
  }
});
