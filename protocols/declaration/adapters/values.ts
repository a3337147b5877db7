import type { Note } from "./draft.ts";

const KILOGRAMS: Readonly<Record<string, number>> = {
  KGM: 1,
  KG: 1,
  K: 1,
  GRM: 0.001,
  G: 0.001,
  LBR: 0.45359237,
  LB: 0.45359237,
  TNE: 1000,
};
const CATEGORIES: Readonly<Record<string, string>> = {
  // UPU code list 136.
  "11": "sale_of_goods",
  "21": "returned_goods",
  "31": "gift",
  "32": "commercial_sample",
  "91": "documents",
  "999": "other",
  sale: "sale_of_goods",
  saleofgoods: "sale_of_goods",
  goods: "sale_of_goods",
  merchandise: "sale_of_goods",
  returned: "returned_goods",
  return: "returned_goods",
  returnedgoods: "returned_goods",
  gift: "gift",
  sample: "commercial_sample",
  samples: "commercial_sample",
  commercialsample: "commercial_sample",
  document: "documents",
  documents: "documents",
  other: "other",
};

/** A figure as text, with a decimal comma or point; undefined, and noted, for anything else. */
export function decimalText(text: string | undefined, pointer: string, note: Note): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const plain = text.replaceAll(/[\s'\u00a0]/g, "");
  // Thousands only where they cannot be decimals.
  const joined = /^\d{1,3}(?:,\d{3})+\.\d+$/.test(plain)
    ? plain.replaceAll(",", "")
    : /^\d{1,3}(?:\.\d{3})+,\d+$/.test(plain)
      ? plain.replaceAll(".", "").replace(",", ".")
      : plain.replace(",", ".");
  if (/^\d{1,14}(?:\.\d{1,9})?$/.test(joined)) return joined;
  note(pointer, "is no figure");
  return undefined;
}

export function numberOf(text: string | undefined, pointer: string, note: Note): number | undefined {
  const plain = decimalText(text, pointer, note);
  return plain === undefined ? undefined : Number(plain);
}

/** Kilograms, to the milligram. `unit`: UN/ECE Recommendation 20 or its usual abbreviation; absent: kg. */
export function massOf(
  text: string | undefined,
  unit: string | undefined,
  pointer: string,
  note: Note,
): number | undefined {
  const value = numberOf(text, pointer, note);
  if (value === undefined) return undefined;
  const factor = unit === undefined || unit === "" ? 1 : KILOGRAMS[unit.trim().toUpperCase()];
  if (factor !== undefined) return Math.round(value * factor * 1e6) / 1e6;
  note(pointer, "has a unit that is no mass");
  return undefined;
}

/** An amount as a decimal text with three places at most, and its currency. */
export function moneyOf(
  amount: string | undefined,
  currency: string | undefined,
  pointer: string,
  note: Note,
): object | undefined {
  const plain = decimalText(amount, pointer, note);
  if (plain === undefined) return undefined;
  const code = currency?.trim().toUpperCase() ?? "";
  if (!/^[A-Z]{3}$/.test(code)) {
    note(`${pointer}/currency`, "is no currency");
    return undefined;
  }
  const [whole = "0", fraction = ""] = plain.split(".");
  return { amount: fraction === "" ? whole : `${whole}.${fraction.slice(0, 3)}`, currency: code };
}

/**
 * An HS code as text: its first six digits and the national ones behind them. A code given as a number, or with an odd number
 * of digits, has lost a leading zero or a digit: it is left out, never guessed.
 */
export function hsOf(given: unknown, pointer: string, note: Note): { hs6?: string; hsExtension?: string } {
  if (given === undefined || given === null || given === "") return {};
  if (typeof given !== "string") {
    note(pointer, "is no text: a leading zero would be lost");
    return {};
  }
  const digits = given.replaceAll(/[\s.]/g, "");
  if (!/^\d{6}(?:\d{2}){0,3}$/.test(digits)) {
    if (digits !== "") note(pointer, "is no HS code of 6 to 12 digits");
    return {};
  }
  const extension = digits.slice(6);
  return { hs6: digits.slice(0, 6), ...(extension === "" ? {} : { hsExtension: extension }) };
}

/** RFC 3339 from it or from a compact date and time (`20260301`, `202603010812`, `20260301081200`, UTC). */
export function timeOf(text: string | undefined, pointer: string, note: Note): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const given = text.trim();
  const compact =
    /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(
      given,
    );
  if (compact !== null) {
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
      compact;
    const offset = zone === "Z" || zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
    const time = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${offset}`;
    if (!Number.isNaN(Date.parse(time))) return time;
  }
  note(pointer, "is no time");
  return undefined;
}

/** The nature of a consignment by word or code of UPU list 136. */
export function categoryOf(text: string | undefined, pointer: string, note: Note): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const known = CATEGORIES[text.toLowerCase().replaceAll(/[^a-z0-9]/g, "")];
  if (known === undefined) note(pointer, "is no nature of a consignment");
  return known;
}

/** Text that is not empty. */
export function filled(text: string | undefined | null): string | undefined {
  const cut = text?.trim();
  return cut === undefined || cut === "" ? undefined : cut;
}
