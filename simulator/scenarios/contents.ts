import type { Random } from "../random.ts";
import { baggage } from "./baggage.ts";
import { mail } from "./mail.ts";
import { parcels } from "./parcels.ts";
import type { Contents, Mix } from "./selection.ts";

export type { Contents, Mix } from "./selection.ts";

/** What passes the scanner: express and postal parcels, letters and small packets, passengers' bags. */
export const SCENARIOS = ["parcels", "mail", "baggage"] as const;
export type Scenario = (typeof SCENARIOS)[number];

const CHOOSERS: Readonly<Record<Scenario, (random: Random, mix: Mix) => Contents>> = {
  parcels,
  mail,
  baggage,
};

/** Chooses the goods of one consignment or bag and the packaging they go into. */
export function chooseContents(random: Random, mix: Mix, scenario: Scenario = "parcels"): Contents {
  return CHOOSERS[scenario](random, mix);
}
