import { sleep } from "../backoff.ts";
import type { FaultOf } from "./faults.ts";
import { FrameFaults } from "./frame-faults.ts";
import type { KeptScan, MissingLines } from "./kept.ts";
import type { ScannerLink } from "./link.ts";
import { encoderAt, type Machine } from "./machine.ts";
import type { PreparedPlane } from "./prepared.ts";

/** Lines of one plane in a LINES frame, at most. */
export const LINES_PER_FRAME = 16;

interface Block {
  readonly plane: PreparedPlane;
  readonly from: number;
  readonly to: number;
}

/**
 * Takes a scan as it passes the detector: SCAN_START, LINES at the detector's speed, SCAN_END. A fault script may damage it.
 * @throws LinkLost where the link goes; the scan is then complete in the scanner's store all the same.
 */
export async function acquire(
  kept: KeptScan,
  link: ScannerLink,
  machine: Machine,
  hooks: {
    readonly afterStart: () => void;
    /** Resolves when so many lines have passed; undefined: at the detector's speed. */
    readonly pace: ((line: number) => Promise<void> | undefined) | undefined;
  },
): Promise<void> {
  const faults = new FrameFaults(kept.faults);
  const started = performance.now();
  let stuckMs = 0;
  const stops = [...kept.faults.of("stuck-belt")].sort((a, b) => a.line - b.line);
  try {
    await sendStart(kept, link, faults);
    hooks.afterStart();
    for (const block of blocks(kept, [
      ...kept.faults.of("missing-lines"),
      ...kept.faults.of("final-incomplete"),
    ])) {
      while (stops[0] !== undefined && stops[0].line < block.to) {
        stuckMs += await stick(stops.shift() as FaultOf<"stuck-belt">, kept, link, machine);
      }
      const due = started + stuckMs + (1000 * block.to) / machine.lineRateHz;
      await (hooks.pace?.(block.to) ?? sleep(due - performance.now(), link.lost));
      if (kept.due.kind === "whole") return;
      await link.lines(linesOf(kept, block, machine), faults);
    }
  } finally {
    kept.endedAt = new Date().toISOString();
    kept.acquisition = kept.faults.of("stuck-belt").length > 0 ? ["JAM"] : ["SUCCESSFUL"];
  }
  await sendEnd(kept, link, { final: false, faults });
}

/** Sends the whole scan again, as fast as the gateway takes it. */
export async function resend(kept: KeptScan, link: ScannerLink, machine: Machine): Promise<void> {
  await sendStart(kept, link);
  const lost = kept.faults.of("final-incomplete");
  for (const block of blocks(kept, lost)) {
    if (kept.due.kind === "whole") return;
    await link.lines(linesOf(kept, block, machine));
  }
  await sendEnd(kept, link, { final: false });
}

/** Sends the lines that the gateway lacks, then SCAN_END again. */
export async function resendLines(
  kept: KeptScan,
  link: ScannerLink,
  machine: Machine,
  missing: readonly MissingLines[],
): Promise<void> {
  for (const range of missing) {
    const plane = kept.prepared.planes.find(
      (entry) => entry.view === range.view && entry.energy === range.energy,
    );
    if (plane === undefined) continue;
    const end = Math.min(range.to, kept.prepared.width);
    for (let from = range.from; from < end; from += LINES_PER_FRAME) {
      const to = Math.min(end, from + LINES_PER_FRAME);
      await link.lines(linesOf(kept, { plane, from, to }, machine));
    }
  }
  await sendEnd(kept, link, { final: false });
}

/** Says that what is missing will never come. */
export async function sendFinal(kept: KeptScan, link: ScannerLink): Promise<void> {
  kept.acquisition = ["INCOMPLETE"];
  await sendEnd(kept, link, { final: true });
}

function sendStart(kept: KeptScan, link: ScannerLink, faults?: FrameFaults): Promise<void> {
  const { number, scanRef, startedAt, encoder } = kept;
  return link.send("SCAN_START", { scan: number, scanRef, startedAt, encoder, origin: "SYNTHETIC" }, faults);
}

function sendEnd(
  kept: KeptScan,
  link: ScannerLink,
  options: { final: boolean; faults?: FrameFaults },
): Promise<void> {
  const planes = kept.prepared.planes.map(({ view, energy }) => ({
    view,
    energy,
    lines: kept.prepared.width,
  }));
  const message = {
    scan: kept.number,
    scanRef: kept.scanRef,
    endedAt: kept.endedAt ?? new Date().toISOString(),
    planes,
    acquisition: [...kept.acquisition],
    ...(options.final ? { final: true } : {}),
  };
  return link.send("SCAN_END", message, options.faults);
}

/** The belt stops under the item for a while; returns for how long, ms. */
async function stick(
  fault: FaultOf<"stuck-belt">,
  kept: KeptScan,
  link: ScannerLink,
  machine: Machine,
): Promise<number> {
  const encoder = encoderAt(kept, fault.line, machine);
  await link.send("EVENT", { kind: "belt", state: "stopped", encoder, at: new Date().toISOString() });
  await sleep(fault.ms, link.lost);
  await link.send("EVENT", { kind: "belt", state: "running", encoder, at: new Date().toISOString() });
  return fault.ms;
}

/** The frames of a scan in the order of the lines, both energies side by side, without what is left out. */
function* blocks(
  kept: KeptScan,
  gaps: readonly { energy: number; from: number; to: number }[],
): Generator<Block> {
  const { width, planes } = kept.prepared;
  for (let first = 0; first < width; first += LINES_PER_FRAME) {
    const end = Math.min(width, first + LINES_PER_FRAME);
    for (const plane of planes) {
      const missing = gaps.filter((gap) => gap.energy === plane.energy);
      let from = first;
      for (let line = first; line <= end; line++) {
        const lost = line === end || missing.some((gap) => line >= gap.from && line < gap.to);
        if (!lost) continue;
        if (line > from) yield { plane, from, to: line };
        from = line + 1;
      }
    }
  }
}

function linesOf(kept: KeptScan, block: Block, machine: Machine) {
  const { height } = kept.prepared;
  const { plane, from, to } = block;
  return {
    scan: kept.number,
    view: plane.view,
    energy: plane.energy,
    lineCount: to - from,
    firstLine: from,
    encoder: encoderAt(kept, from, machine),
    timestampNs: kept.startedNs + BigInt(Math.round((1e9 * from) / machine.lineRateHz)),
    detectorPixels: height,
    samples: plane.samples.subarray(from * height, to * height),
  };
}
