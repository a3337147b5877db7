import type { KeyObject } from "node:crypto";
import { topicFor } from "../../protocols/mqtt/index.ts";
import type { CustomsReport } from "./report.ts";
import { Witness } from "./witness.ts";

/** What of central's settings is the witness'. */
interface WitnessSettings {
  readonly witnessKey: KeyObject | null;
  readonly site: string;
  readonly root: string;
  readonly report: (report: CustomsReport) => void;
}

/** Central's witness, if it is to be one: what it signs is published and reported. */
export function witnessOf(
  { witnessKey: key, site, root, report }: WitnessSettings,
  publish: (topic: string, payload: Uint8Array) => Promise<boolean>,
): Witness | null {
  if (key === null) return null;
  return new Witness({
    key,
    name: "central",
    site,
    clock: Date.now,
    onVerdict: (verdict) => {
      const { gateway, size } = verdict;
      if ("refused" in verdict)
        return report({ event: "not-witnessed", gateway, size, why: verdict.refused });
      const topic = topicFor("witness", { root, site, gateway });
      // A co-signature that got lost is asked for again: the gateway repeats its checkpoint.
      void publish(topic, new TextEncoder().encode(verdict.note)).then((published) => {
        if (published) report({ event: "witnessed", gateway, size: verdict.size, note: verdict.note });
      });
    },
  });
}
