import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import { FLOWS, type Flow } from "../../protocols/vocabulary.ts";
import type { HitData } from "../fusion/hit.ts";
import { wilson } from "./wilson.ts";

/** The flow that an identifier stands for, where no declaration says it. */
const FLOW_OF: Readonly<Partial<Record<string, Flow>>> = {
  S10: "postal",
  S9_RECEPTACLE: "postal",
  HAWB: "air_cargo",
  MAWB: "air_cargo",
  ULD: "air_cargo",
  ISO6346: "container",
  BL: "container",
  HBL: "container",
};

/** How many scans had their declaration when they came (metric T2), by flow. */
export class LinkRate {
  readonly #flows = new Map<Flow | null, { checked: number; failed: number }>();

  /** A scan's first hit. */
  add(hit: Pick<HitData, "declarations" | "identifiers">): void {
    const flow = flowOf(hit);
    const { checked, failed } = this.#flows.get(flow) ?? { checked: 0, failed: 0 };
    const lacks = hit.declarations.length === 0;
    this.#flows.set(flow, { checked: checked + 1, failed: failed + Number(lacks) });
  }

  figures(): NonNullable<Statistics["linkRate"]> {
    return [...FLOWS, null].flatMap((flow) => {
      const counts = this.#flows.get(flow);
      return counts === undefined ? [] : [{ flow, ...counts, ...wilson(counts.failed, counts.checked) }];
    });
  }
}

function flowOf({ declarations, identifiers }: Pick<HitData, "declarations" | "identifiers">): Flow | null {
  const said = declarations[0]?.flow;
  if (said != null) return said;
  const usable = identifiers.filter(({ checkOk }) => checkOk !== false);
  return usable.map(({ scheme }) => FLOW_OF[scheme]).find((flow) => flow !== undefined) ?? null;
}
