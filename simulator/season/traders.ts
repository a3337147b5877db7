import type { Random } from "../random.ts";
import type { SeasonParameters } from "./parameters.ts";

/** Who sends: a pseudonymous party with a habit. */
export interface Trader {
  readonly token: string;
  readonly kind: "natural" | "legal";
  readonly country: string;
  readonly aeo: boolean;
  /** Sends irregular consignments again and again. */
  readonly bad: boolean;
  readonly watched: boolean;
}

export const KEY_EPOCH = "k1";
const COUNTRIES = [
  ["CN", 8],
  ["US", 3],
  ["GB", 3],
  ["TR", 2],
  ["JP", 1],
  ["KR", 1],
  ["CH", 1],
  ["BR", 1],
] as const;

/** All who send in a season. Trusted ones are legal persons, and none of the bad ones is trusted. */
export function drawTraders(parameters: SeasonParameters["traders"], random: Random): readonly Trader[] {
  return Array.from({ length: parameters.count }, () => {
    const bad = random.chance(parameters.bad);
    const legal = random.chance(0.6);
    const watched = random.chance(bad ? parameters.watched : parameters.watchedInnocent);
    return {
      token: tokenOf(random),
      kind: legal ? "legal" : "natural",
      country: random.weighted(COUNTRIES),
      aeo: legal && !bad && random.chance(parameters.trusted / 0.6),
      bad,
      watched,
    };
  });
}

/** `keyEpoch:base64url`, as an authority's keyed hash would give it. */
export function tokenOf(random: Random): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let token = `${KEY_EPOCH}:`;
  for (let i = 0; i < 22; i++) token += alphabet[random.int(0, 63)];
  return token;
}

/** One of them: a few send most. */
export function pickTrader(traders: readonly Trader[], random: Random): Trader {
  const at = Math.floor(traders.length * random.float() ** 2.2);
  return traders[at] as Trader;
}
