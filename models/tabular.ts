/** Rows of a declaration as the tensors of a tabular package. What is not known is missing, never a guess. */
import type { CODE_COLUMNS, TabularManifest } from "./tabular-package.ts";

/** One line of a declaration; absent: not known. */
export interface TabularRow {
  /** Six digits; the leading zero may be lost. */
  readonly hs6?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly originCountry?: string | undefined;
  readonly departureCountry?: string | undefined;
  /** UN/ECE Recommendation 19; the first digit counts. */
  readonly transportMode?: string | undefined;
  readonly netMassKg?: number | undefined;
  /** In the currency of the package, see {@link valueIn}. */
  readonly value?: number | undefined;
}

export interface TabularTensors {
  readonly rows: number;
  /** [rows, columns of codes] */
  readonly codes: BigInt64Array;
  /** [rows, columns of amounts], NaN where missing. */
  readonly amounts: Float64Array;
}

const LETTERS = 26;
const A = "A".charCodeAt(0);

/**
 * A code as a whole number, 0 where missing or no code: HS as 1 + its number, a country as 1 + 26 · first + second letter, a
 * mode of transport as 1 + its first digit. The twin of `training/declarations/rows.py`.
 */
export function codeOf(column: (typeof CODE_COLUMNS)[number], text: string | undefined): number {
  const code = (text ?? "").trim().toUpperCase();
  if (column === "hs6") return /^\d{1,6}$/.test(code) ? 1 + Number(code) : 0;
  if (column === "transportMode") return /^\d/.test(code) ? 1 + Number(code[0]) : 0;
  if (!/^[A-Z]{2}$/.test(code)) return 0;
  return 1 + LETTERS * (code.charCodeAt(0) - A) + code.charCodeAt(1) - A;
}

function amountOf(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : Number.NaN;
}

/** Rows as the tensors that the package's graph reads. */
export function tensorsOf(rows: readonly TabularRow[], inputs: TabularManifest["inputs"]): TabularTensors {
  const [codes, amounts] = inputs;
  return {
    rows: rows.length,
    codes: BigInt64Array.from(
      rows.flatMap((row) => codes.columns.map((column) => BigInt(codeOf(column, row[column])))),
    ),
    amounts: Float64Array.from(rows.flatMap((row) => amounts.columns.map((column) => amountOf(row[column])))),
  };
}

/**
 * An amount of money in the package's currency; undefined where it has no rate for `currency` or the amount is no number.
 * @param amount decimal, as `customs-aed/1.0` writes it
 */
export function valueIn(
  inputs: TabularManifest["inputs"],
  amount: string,
  currency: string,
): number | undefined {
  const { rates, currency: own } = inputs[1];
  const rate = currency === own ? 1 : Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  const value = Number(amount);
  return rate === undefined || amount.trim() === "" || !Number.isFinite(value) ? undefined : value * rate;
}
