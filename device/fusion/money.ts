import type { Declaration } from "../../protocols/declaration.ts";

type Money = NonNullable<NonNullable<Declaration["consignment"]>["totalValue"]>;

/**
 * Units of a currency to one euro, rounded yearly means: enough to tell a placeholder price from a plausible one, never
 * to assess a duty. A currency that is not here is not compared.
 */
export const EURO_RATES: Readonly<Record<string, number>> = {
  EUR: 1,
  USD: 1.1,
  GBP: 0.86,
  CHF: 0.95,
  JPY: 162,
  KRW: 1480,
  CNY: 7.9,
  HKD: 8.6,
  TRY: 42,
  BRL: 6.1,
  INR: 93,
  CAD: 1.5,
  AUD: 1.68,
  SGD: 1.46,
  PLN: 4.3,
  CZK: 25,
  SEK: 11.3,
  NOK: 11.7,
  DKK: 7.46,
  AED: 4.05,
  ZAR: 20,
  MXN: 20.5,
  THB: 37,
  VND: 28_000,
};

/** The amount in euros; null where it is missing, its currency is not known, or it is a placeholder of 0 or 1. */
export function inEuros(money: Money | undefined): number | null {
  return money === undefined || !(Number(money.amount) > 1) ? null : literalEuros(money);
}

/** Declared value of the consignment in euros: its own total, else that of its items; null where any of it is not known. */
export function declaredEuros(declaration: Declaration): number | null {
  return sumOf(declaration, inEuros);
}

/**
 * The same with a placeholder of 0 or 1 taken at its word, as customs does that asks whether a consignment is of low value:
 * otherwise consignments split up would pass as soon as each is declared worth nothing.
 */
export function claimedEuros(declaration: Declaration): number | null {
  return sumOf(declaration, literalEuros);
}

function literalEuros(money: Money | undefined): number | null {
  const rate = EURO_RATES[money?.currency ?? ""];
  const amount = Number(money?.amount);
  return rate === undefined || !(amount >= 0) ? null : amount / rate;
}

function sumOf(
  { consignment, items, itemsTotal }: Declaration,
  euros: (money: Money | undefined) => number | null,
): number | null {
  const total = euros(consignment?.totalValue);
  if (total !== null) return total;
  const all = items ?? [];
  if (all.length === 0 || (itemsTotal ?? all.length) > all.length) return null;
  const values = all.map((item) => euros(item.value));
  return values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
