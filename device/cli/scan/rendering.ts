import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../../protocols/errors.ts";
import type { Hit } from "../../../protocols/mqtt/hit.ts";
import { renderView } from "../../image/render.ts";
import { normaliseView } from "../../inference/normalise.ts";
import type { AnalysableScan } from "../../inference/planes.ts";

/** Writes what an analyst would look at, one PNG a view, under a name that no other scan of the run has. */
export class Renderings {
  readonly #folder: string;
  readonly #used = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true }).catch((cause: Error) => {
      throw new LynceusError("LYN_USAGE", `${this.#folder} cannot hold renderings: ${cause.message}`, {
        remedy: "Give a folder with --render that this user may write; it is made where there is none.",
        cause,
      });
    });
  }

  async write(stem: string, scan: AnalysableScan, hit: Hit): Promise<readonly string[]> {
    const files: string[] = [];
    for (const view of scan.views) {
      const { planes } = normaliseView(scan.kind, view, scan.airLevel);
      const marks = hit.detections.flatMap(({ class: name, score, threshold, alarm, boxes }) =>
        boxes
          .filter((box) => box.view === view.view)
          .map((box) => ({ ...box, class: name, score, threshold, alarm })),
      );
      const file = join(
        this.#folder,
        this.#freeName(scan.views.length > 1 ? `${stem}.view${view.view}` : stem),
      );
      await writeFile(file, await renderView(planes, marks));
      files.push(file);
    }
    return files;
  }

  #freeName(stem: string): string {
    let name = `${stem}.png`;
    for (let copy = 2; this.#used.has(name); copy++) name = `${stem}-${copy}.png`;
    this.#used.add(name);
    return name;
  }
}
