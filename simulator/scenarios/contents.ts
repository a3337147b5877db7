import type { Random } from "../random.ts";
import { baggage } from "./baggage.ts";
import { mail } from "./mail.ts";
import type { Scenario } from "./names.ts";
import { parcels } from "./parcels.ts";
import type { Contents, Mix } from "./selection.ts";

export { SCENARIOS, type Scenario } from "./names.ts";
export type { Contents, Mix } from "./selection.ts";

const CHOOSERS: Readonly<Record<Scenario, (random: Random, mix: Mix) => Contents>> = {
  parcels,
  mail,
  baggage,
};

/** Chooses the goods of one consignment or bag and the packaging they go into. */
export function chooseContents(random: Random, mix: Mix, scenario: Scenario = "parcels"): Contents {
  return CHOOSERS[scenario](random, mix);
}
