import type { Hello, Lines, ScanEnd, ScanStart } from "../../../protocols/line-scan/index.ts";
import { ENERGY_NAMES } from "../../../protocols/line-scan/index.ts";
import { ACQUISITION_STATUSES, type AcquisitionStatus } from "../../../protocols/vocabulary.ts";
import type { Energy, PlaneRecord, ScanKind, ScanView } from "../../scan.ts";
import { IntervalSet } from "./intervals.ts";

/** Lines of one plane that have not come, as a NAK names them. */
export interface MissingLines {
  readonly view: number;
  readonly energy: Energy;
  readonly from: number;
  readonly to: number;
}

/** What SCAN_END says of one plane. */
export type PlaneEnd = ScanEnd["planes"][number];

/** What one open scan has received so far. Bookkeeping only: the samples are on disk. */
export class Assembly {
  readonly start: ScanStart;
  readonly #hello: Hello;
  readonly #planes = new Map<string, IntervalSet>();

  constructor(hello: Hello, start: ScanStart) {
    this.#hello = hello;
    this.start = start;
  }

  /** Why LINES do not belong to what HELLO announced, or null when they do. */
  objection(lines: Lines): string | null {
    const view = this.#hello.views.find((entry) => entry.view === lines.view);
    if (view === undefined) return `HELLO announced no view ${lines.view}`;
    if (!declares(view, lines.energy))
      return `HELLO announced no energy ${lines.energy} for view ${lines.view}`;
    if (lines.detectorPixels !== view.detectorPixels) {
      return `lines of ${lines.detectorPixels} pixels, but HELLO announced ${view.detectorPixels} for view ${lines.view}`;
    }
    return null;
  }

  /** Why SCAN_END does not fit HELLO, or null when it does. */
  endObjection(end: ScanEnd): string | null {
    for (const plane of end.planes) {
      const view = this.#hello.views.find((entry) => entry.view === plane.view);
      if (view === undefined || !declares(view, plane.energy)) {
        return `HELLO announced no view ${plane.view} with energy ${plane.energy}`;
      }
    }
    return null;
  }

  /** Lines are on disk. */
  record(lines: Pick<Lines, "view" | "energy" | "firstLine" | "lineCount">): void {
    const key = `${lines.view}/${lines.energy}`;
    const plane = this.#planes.get(key) ?? new IntervalSet();
    this.#planes.set(key, plane);
    plane.add(lines.firstLine, lines.firstLine + lines.lineCount);
  }

  /** What SCAN_END counts and has not come, at most `limit` ranges: the next NAK names the rest. */
  missing(planes: readonly PlaneEnd[], limit: number): readonly MissingLines[] {
    const missing: MissingLines[] = [];
    for (const { view, energy, lines } of planes) {
      const set = this.#planes.get(`${view}/${energy}`) ?? new IntervalSet();
      for (const range of set.missing(lines, limit - missing.length))
        missing.push({ view, energy, ...range });
    }
    return missing;
  }

  /** The views of the stored planes, with what HELLO says of them. */
  views(planes: readonly PlaneRecord[]): readonly ScanView[] {
    const numbers = [...new Set(planes.map((plane) => plane.view))].sort((a, b) => a - b);
    return numbers.map((number) => {
      const own = planes.filter((plane) => plane.view === number);
      const told = this.#hello.views.find((entry) => entry.view === number);
      return {
        view: number,
        name: told?.name ?? `view ${number}`,
        width: Math.max(...own.map((plane) => plane.width)),
        height: own[0]?.height ?? 0,
        pixelPitchMm: told?.pixelPitchMm ?? null,
        energies: own.map((plane) => plane.energy),
      };
    });
  }
}

function declares(view: Hello["views"][number], energy: Energy): boolean {
  return view.energies.includes(ENERGY_NAMES[energy]);
}

/** Dual energy where every view has low and high; single where none has both; anything else is `other`. */
export function kindOf(views: readonly ScanView[]): ScanKind {
  const dual = views.filter((view) => view.energies.includes(0) && view.energies.includes(1));
  if (views.length === 0) return "other";
  if (dual.length === views.length) return "dual-energy";
  return dual.length === 0 ? "single-energy" : "other";
}

/**
 * How the acquisition went, from the scanner's words. Words of a later version are dropped; missing lines make it
 * INCOMPLETE whatever the scanner says; nothing said of a whole scan means SUCCESSFUL.
 */
export function acquisitionOf(words: readonly string[], whole: boolean): readonly AcquisitionStatus[] {
  const known = ACQUISITION_STATUSES.filter((status) => words.includes(status));
  if (whole) return known.length > 0 ? known : ["SUCCESSFUL"];
  return [...known.filter((status) => status !== "SUCCESSFUL" && status !== "INCOMPLETE"), "INCOMPLETE"];
}
