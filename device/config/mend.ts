import type { z } from "zod";
import type { ConfigFault } from "./issues.ts";

type Step = string | number;
type Tree = Record<Step, unknown>;

/** What stands in for a required part that cannot be used: valid, and of no consequence for any other part. */
const STAND_INS = {
  schema: () => "lynceus-config/1",
  gateway: () => ({ site: "ZZZZZ", id: "unknown" }),
  broker: () => ({ url: "mqtt://127.0.0.1" }),
  spool: () => ({ path: "/" }),
} as const;
const scanner = () => ({ driver: "folder", path: "/" });
const laneId = (at: Step) => `unknown-lane-${at}`;
const lane = (at: Step) => ({ id: laneId(at), scanner: scanner() });
const transport = "tcp://127.0.0.1:1";
const peripheral = (at: Step) => ({ id: `unknown-${at}`, kind: "barcode", protocol: "line", transport });

/** The part of a file that a fault of the schema makes unusable, with what takes its place there. */
interface Part {
  readonly path: readonly Step[];
  /** Absent: the part is left out. */
  readonly standIn?: unknown;
}

/**
 * A file with faults of the schema as it would be without these: unknown keys left out, unusable parts left out or stood in
 * for. So the rest can be checked in the same run. Null: too little of it is sound.
 */
export function mended(input: unknown, { issues }: z.ZodError): unknown {
  if (!isTree(input)) return null;
  const copy = structuredClone(input);
  for (const issue of issues) {
    const path = issue.path as readonly Step[];
    const parts: readonly (Part | null)[] =
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ path: [...path, key] }))
        : [partOf(path)];
    for (const part of parts) {
      if (part === null) return null;
      replace(copy, part);
    }
  }
  return copy;
}

function partOf(path: readonly Step[]): Part | null {
  const [section, at, key, index] = path;
  if (section === undefined) return null;
  if (section !== "lanes") {
    const standIn = Object.hasOwn(STAND_INS, section)
      ? STAND_INS[section as keyof typeof STAND_INS]()
      : undefined;
    return { path: [section], standIn };
  }
  if (at === undefined) return null;
  if (key === undefined) return { path: [section, at], standIn: lane(at) };
  if (key === "peripherals" && index !== undefined)
    return { path: [section, at, key, index], standIn: peripheral(index) };
  const standIn = key === "scanner" ? scanner() : key === "id" ? laneId(at) : undefined;
  return { path: [section, at, key], standIn };
}

/** A part within one that was replaced already is gone. */
function replace(tree: Tree, { path, standIn }: Part): void {
  const last = path.at(-1);
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((node, step) => (isTree(node) ? node[step] : undefined), tree);
  if (last === undefined || !isTree(holder)) return;
  if (standIn === undefined) delete holder[last];
  else holder[last] = standIn;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null;
}

/**
 * Those faults of a mended file that are faults of the file as it is too: what rests on a part that was left out or stood in
 * for says nothing.
 */
export function standing(
  faults: readonly ConfigFault[],
  broken: readonly ConfigFault[],
): readonly ConfigFault[] {
  return faults.filter(({ path }) => !broken.some((fault) => restsOn(path, fault.path)));
}

function restsOn(path: string, broken: string): boolean {
  if (path === broken || path.startsWith(`${broken}.`) || path.startsWith(`${broken}[`)) return true;
  const laneOf = /^lanes\[\d+\]/.exec(path)?.[0];
  // A stand-in is no conveyor and has an id of its own: what is said of the others together holds.
  if (path === "lanes" || path === `${laneOf}.peripherals`) return broken === laneOf;
  if (broken.startsWith(`${path}.`) || broken.startsWith(`${path}[`)) return true;
  // A belt needs what its devices offer, or what is meant by a key that nobody knows.
  const ofBelt = laneOf !== undefined && /^\.(belt|tracking)\b/.test(path.slice(laneOf.length));
  return (
    ofBelt && broken.startsWith(laneOf) && /^\.(peripherals\b|[^.[]+$)/.test(broken.slice(laneOf.length))
  );
}
