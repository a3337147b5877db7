import { readFileSync } from "node:fs";
import { z } from "zod";
import { LynceusError } from "../../protocols/errors.ts";

/** Faults one file may script. */
const MAX_FAULTS = 10_000;
/** Longest a scripted pause may last, ms. */
const MAX_PAUSE_MS = 600_000;

const scan = z.int().min(0).describe("which scan of the run, from 0");
const frame = z.int().min(0).describe("which frame of the scan's first transmission; 0 is SCAN_START");
const range = { energy: z.union([z.literal(0), z.literal(1)]), from: z.int().min(0), to: z.int().min(1) };
const device = z.enum(["barcode", "scale"]);
const PORTAL_FAULTS = [
  "gamma-high",
  "gamma-low",
  "neutron-high",
  "tamper",
  "silent",
  "garbage",
  "no-end",
] as const;

const fault = z.discriminatedUnion("kind", [
  z
    .strictObject({ kind: z.literal("cut-link"), scan, frame })
    .describe("the link dies in the middle of the frame"),
  z
    .strictObject({ kind: z.literal("torn-frame"), scan, frame })
    .describe("only the first half of the frame is sent"),
  z.strictObject({ kind: z.literal("wrong-crc"), scan, frame }),
  z
    .strictObject({ kind: z.literal("out-of-order"), scan, frame })
    .describe("the frame comes after the one behind it"),
  z.strictObject({ kind: z.literal("oversize-length"), scan, frame }).describe("the length says 2 MiB"),
  z
    .strictObject({ kind: z.literal("missing-lines"), scan, ...range })
    .describe("left out the first time; to exclusive"),
  z
    .strictObject({ kind: z.literal("final-incomplete"), scan, ...range })
    .describe("lost for good: SCAN_END final"),
  z.strictObject({
    kind: z.literal("stuck-belt"),
    scan,
    line: z.int().min(0),
    ms: z.int().min(0).max(MAX_PAUSE_MS),
  }),
  z.strictObject({ kind: z.literal("duplicate-reading"), scan, device }),
  z.strictObject({ kind: z.literal("missing-reading"), scan, device }),
  z
    .strictObject({ kind: z.literal("radiation-alarm"), scan, channel: z.enum(["gamma", "neutron"]) })
    .describe("the item radiates, and the portal alarms"),
  z
    .strictObject({ kind: z.literal("radiation-fault"), scan, what: z.enum(PORTAL_FAULTS) })
    .describe("the portal is faulty while the item passes"),
  z
    .strictObject({
      kind: z.literal("reorder-readings"),
      scan,
      order: z.enum(["label-first", "after-scan-start"]),
    })
    .describe("label before the weight, or while the scan is being taken"),
]);

/** A fault script, `--faults`. */
export const faultsSchema = z.strictObject({
  schema: z.literal("lynceus-faults/1"),
  faults: z.array(fault).max(MAX_FAULTS),
});

export type Fault = z.output<typeof fault>;
export type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { kind: Kind }>;

/** The faults of one scan. */
export class ScanFaults {
  readonly #faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  /** The faults of one kind, in the order of the file. */
  of<Kind extends Fault["kind"]>(kind: Kind): readonly FaultOf<Kind>[] {
    return this.#faults.filter((entry): entry is FaultOf<Kind> => entry.kind === kind);
  }
}

/** No faults. */
export const NO_FAULTS = new ScanFaults([]);

/** A read fault script, by scan. */
export class FaultScript {
  readonly #byScan: ReadonlyMap<number, readonly Fault[]>;

  constructor(faults: readonly Fault[]) {
    this.#byScan = Map.groupBy(faults, (entry) => entry.scan);
  }

  forScan(index: number): ScanFaults {
    const faults = this.#byScan.get(index);
    return faults === undefined ? NO_FAULTS : new ScanFaults(faults);
  }
}

/**
 * Reads a fault script.
 * @throws LynceusError `LYN_USAGE` with the place where the file is wrong.
 */
export function readFaultScript(file: string): FaultScript {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LynceusError("LYN_USAGE", `Fault script ${file}: ${why}`, {
      remedy: "Name a readable JSON file; simulator/README.md shows one",
      cause,
    });
  }
  const result = faultsSchema.safeParse(json);
  if (!result.success) {
    throw new LynceusError("LYN_USAGE", `Fault script ${file}: ${z.prettifyError(result.error)}`, {
      remedy: "Correct the members named; simulator/README.md lists the faults",
    });
  }
  return new FaultScript(result.data.faults);
}
