import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fitMass } from "../../device/image/mass-calibration.ts";
import { inferenceForLane } from "../../device/inference/for-lane.ts";
import type { AnalysisRequest } from "../../device/inference/port.ts";
import { InferenceSupervisor } from "../../device/inference/supervisor.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { parcelPlane, temporaryFolder } from "../fixtures/image-files.ts";
import { until } from "../fixtures/processes.ts";
import { BLADE_MODEL, EMBEDDING_MODEL, writeTinyModel } from "../fixtures/tiny-model.ts";

const NEVER = new AbortController().signal;
const [WIDTH, HEIGHT, AIR] = [48, 64, 60_000];
const idOf = (n: number) => `019ca000-0000-7000-8000-00000000000${n}`;

describe("similar scans in the analysis process", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let inference: InferenceSupervisor;

  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeTinyModel(folder.path, BLADE_MODEL);
    await writeTinyModel(folder.path, EMBEDDING_MODEL);
    const similar = join(folder.path, "similar");
    inference = new InferenceSupervisor({
      models: { names: null, folders: [folder.path], similar },
      log: SILENT_LOG,
      limits: { backoff: { baseMs: 10, maxMs: 50 } },
    });
    await inference.start();
  });
  afterEach(async () => {
    await inference.stop();
    await folder[Symbol.asyncDispose]();
  });

  async function scan(n: number, through: number): Promise<AnalysisRequest> {
    const planes = await Promise.all(
      ([0, 1] as const).map(async (energy) => {
        const file = `${n}.${energy}.raw`;
        const rows = parcelPlane(WIDTH, HEIGHT, AIR, through ** (energy === 0 ? 1.3 : 1));
        await writeFile(join(folder.path, file), new Uint8Array(rows.buffer));
        const [width, height] = [WIDTH, HEIGHT];
        const bytes = width * height * 2;
        return {
          view: 0,
          energy,
          width,
          height,
          file,
          layout: "rows" as const,
          format: "u16" as const,
          bytes,
        };
      }),
    );
    const view = { view: 0, name: "top", width: WIDTH, height: HEIGHT, pixelPitchMm: { x: 1, y: 1 } };
    return {
      scanId: idOf(n),
      directory: folder.path,
      kind: "dual-energy",
      airLevel: AIR,
      views: [{ ...view, energies: [0, 1] }],
      planes,
    };
  }

  const see = async (n: number, through: number, keep: boolean) => {
    const analysis = await inference.analyse(await scan(n, through), NEVER);
    if (keep) inference.remember(idOf(n), analysis.embedding!);
    return analysis.similar?.map(({ scanId, relation }) => [scanId, relation]);
  };

  it("finds what was remembered, and nothing that was only looked at", async () => {
    expect(await see(1, 0.5, true)).toEqual([]);
    expect(await see(2, 0.5, false)).toEqual([[idOf(1), "same-item"]]);
    expect(await see(3, 0.505, true)).toEqual([[idOf(1), "same-item"]]);
    expect(await see(1, 0.5, true)).toEqual([[idOf(3), "same-item"]]);
  });

  it("still finds it after the process was killed", async () => {
    await see(1, 0.5, true);
    await see(2, 0.05, false);
    process.kill(inference.pid!, "SIGKILL");
    await until(
      "another process",
      20_000,
      () => inference.state.restarts === 1 && inference.state.state === "ready",
    );
    expect(await see(3, 0.5, false)).toEqual([[idOf(1), "same-item"]]);
  });

  it("weighs with the calibration of the lane, and calls nothing else reliable", async () => {
    const steps = [1, 2, 4].flatMap((areal) => [
      { material: "nylon", arealDensity: areal, low: Math.exp(-0.21 * areal), high: Math.exp(-0.17 * areal) },
      {
        material: "steel",
        arealDensity: areal / 2,
        low: Math.exp(-0.6 * areal),
        high: Math.exp(-0.3 * areal),
      },
    ]);
    const lane = inferenceForLane(inference, fitMass(steps));
    expect((await lane.analyse(await scan(1, 0.5), NEVER)).xrayMass?.reliable).toBe(true);
    const other = inferenceForLane(inference, null);
    expect((await other.analyse(await scan(1, 0.5), NEVER)).xrayMass?.reliable).toBe(false);
  });
});
