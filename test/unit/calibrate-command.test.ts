import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { calibrate } from "../../device/cli/calibrate/run.ts";
import { massCalibrationOf } from "../../device/gateway-parts.ts";
import { readMassCalibration } from "../../device/image/mass-file.ts";
import { USUAL_MASS } from "../../device/image/mass-usual.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { AIR_LEVEL } from "../../simulator/physics/detector.ts";
import { machineOf, simulateWedge } from "../../simulator/wedge.ts";

describe("lynceus calibrate", () => {
  let folder = "";
  const path = (name: string) => join(folder, name);
  const faultOf = (promise: Promise<unknown>) => promise.then(() => null).catch((error: unknown) => error);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-wedge-"));
    const wedge = simulateWedge(machineOf({ seed: 1, index: 0 }), 1);
    const { width, height, steps, plates, pixelPitchMm } = wedge;
    for (const energy of ["low", "high"] as const) {
      await sharp(wedge[energy], { raw: { width, height, channels: 1 } })
        .toColourspace("grey16")
        .png()
        .toFile(path(`wedge.${energy}.png`));
    }
    writeFileSync(path("wedge.json"), JSON.stringify({ airLevel: AIR_LEVEL }));
    describeWedge({
      plates,
      pixelPitchMm,
      steps: steps.map(({ material, arealDensity, box }) => ({ material, gcm2: arealDensity, box })),
    });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function describeWedge(change: object): void {
    const wedge = {
      schema: "lynceus-wedge/1",
      image: ["wedge.low.png", "wedge.high.png"],
      steps: [],
      ...change,
    };
    writeFileSync(path("steps.json"), JSON.stringify(wedge));
  }

  it("makes from a scan of a wedge the file that a lane names", async () => {
    expect(await calibrate(path("steps.json"), path("mass.json"))).toMatch(
      /polyethylene \d+ steps, cellulose \d+ steps, aluminium \d+ steps, steel \d+ steps; .* at 10 mm, .* at 210 mm/,
    );
    const calibration = await readMassCalibration(path("mass.json"));
    expect(calibration.curves).toHaveLength(4);
    const lane = { id: "lane-1", massCalibration: path("mass.json") } as Parameters<
      typeof massCalibrationOf
    >[0];
    expect(await massCalibrationOf(lane, SILENT_LOG)).toEqual(calibration);
    expect(await readMassCalibration("usual")).toEqual(USUAL_MASS);
  });

  it("refuses a description that is none, a step outside of the image, a wedge of too little", async () => {
    const box = { x: 0, y: 0, width: 5000, height: 5 };
    const changes = [{ schema: "x" }, { steps: [{ material: "steel", gcm2: 1, box }] }, { steps: [] }];
    for (const change of changes) {
      describeWedge(change);
      const error = await faultOf(calibrate(path("steps.json"), path("mass.json")));
      expect(isLynceusError(error, "LYN_MASS_CALIBRATION")).toBe(true);
    }
    expect(isLynceusError(await faultOf(calibrate(path("none.json"), path("x"))), "LYN_PATH_MISSING")).toBe(
      true,
    );
  });

  it("a calibration that cannot be read leaves the lane without one", async () => {
    writeFileSync(path("mass.json"), "{}");
    for (const name of ["mass.json", "none.json"]) {
      expect(isLynceusError(await faultOf(readMassCalibration(path(name))), "LYN_MASS_CALIBRATION")).toBe(
        true,
      );
      const lane = { id: "lane-1", massCalibration: path(name) } as Parameters<typeof massCalibrationOf>[0];
      expect(await massCalibrationOf(lane, SILENT_LOG)).toBeNull();
    }
    writeFileSync(path("large.json"), " ".repeat(1024 * 1024 + 1));
    expect(
      isLynceusError(await faultOf(readMassCalibration(path("large.json"))), "LYN_MASS_CALIBRATION"),
    ).toBe(true);
    expect(readFileSync(path("mass.json"), "utf8")).toBe("{}");
  });
});
