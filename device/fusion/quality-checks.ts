import type { Declaration } from "../../protocols/declaration.ts";
import { checkIdentifier } from "../../protocols/identifiers/canonical.ts";
import { isValidImo } from "../../protocols/identifiers/imo.ts";
import { COUNTRIES, CURRENCIES, isHsChapter, PACKAGES, UNITS } from "../../protocols/vocabulary/codes.ts";
import type { QualityMetric } from "../../protocols/vocabulary.ts";
import { declaredGoods } from "./goods.ts";
import { contradictsCode } from "./goods-terms.ts";
import type { FusionSettings } from "./input.ts";
import { claimedEuros } from "./money.ts";
import { fieldsMissing } from "./quality-fields.ts";
import type { QualityThresholds } from "./quality-thresholds.ts";
import type { StopTerms } from "./stop-terms.ts";
import { isVague } from "./stop-terms.ts";
import { priceOf } from "./unit-values.ts";

/** A fault of a declaration. */
export interface Failure {
  readonly metric: QualityMetric;
  /** WCO-style: class ids, sequence in brackets, tag; e.g. `42A/67A/68A[3]/23A/137`. */
  readonly pointer: string;
  /** Plain English; never quotes the declaration. */
  readonly message: string;
  /** How far the metric fails, 0 < share ≤ 1. */
  readonly share: number;
  /** Another source of evidence says the same: it costs quality, and adds no evidence of its own. */
  readonly saidBy?: "mass" | "pieces" | "value" | "splitting";
}

/** What a check sees. */
export interface Checked {
  readonly declaration: Declaration;
  readonly thresholds: QualityThresholds;
  readonly stopTerms: StopTerms;
  /** Declared value up to which nothing is due, EUR. */
  readonly deMinimisEur: number;
  readonly unitValues: FusionSettings["unitValues"];
  /** Live consignments to the same consignee, this one included; absent: not counted. */
  readonly consignments?: number;
}

/** What a check finds: null where it has nothing to say of this declaration, else its faults, none if it is sound. */
export type Check = (checked: Checked) => readonly Failure[] | null;

type Item = NonNullable<Declaration["items"]>[number];
type Money = NonNullable<Item["value"]>;

const SOUND: readonly Failure[] = [];

/** Every metric that a declaration alone can be measured by, in the order of the standard. */
export const CHECKS: Readonly<Partial<Record<QualityMetric, Check>>> = {
  T1: latePreArrival,
  T3: slow,
  C1: incomplete,
  C2: hsMissing,
  C3: massMissing,
  C4: consigneeIncomplete,
  C5: originMissing,
  A1: vagueDescription,
  A2: textAgainstCode,
  A3: valueSuspicious,
  A4: massesDisagree,
  A6: wrongCodes,
  K1: unknownCodes,
  K3: split,
  K4: valuesDisagree,
};

function fail(metric: QualityMetric, pointer: string, message: string, share = 1): readonly Failure[] {
  return [{ metric, pointer, message, share }];
}

/** One finding for all items that fail: the pointer names the first, the message counts them. */
function failItems(
  metric: QualityMetric,
  items: readonly Item[],
  bad: (item: Item) => boolean,
  tag: string,
  what: string,
): readonly Failure[] | null {
  if (items.length === 0) return null;
  const failing = items.filter(bad);
  if (failing.length === 0) return SOUND;
  const first = items.indexOf(failing[0] as Item) + 1;
  const message = `${failing.length} of ${items.length} items: ${what}`;
  return fail(metric, `42A/67A/68A[${first}]/${tag}`, message, failing.length / items.length);
}

function hoursBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 3_600_000;
}

function latePreArrival({ declaration, thresholds }: Checked): readonly Failure[] | null {
  const { transport, receivedAt } = declaration;
  const leaves = declaration.direction === "export";
  const event = leaves ? transport?.etd : (transport?.ata ?? transport?.eta);
  if (event === undefined) return null;
  const lead = hoursBetween(receivedAt, event);
  const { sea, air, other } = thresholds.leadHours;
  const before = transport?.mode === "1" ? sea : transport?.mode === "4" ? air : other;
  const due = leaves ? thresholds.leadHours.export : before;
  if (!(lead < due)) return SOUND;
  const early = lead >= 0 ? `${lead.toFixed(1)} h before` : `${(-lead).toFixed(1)} h after`;
  return fail("T1", "42A/D011", `received ${early} ${leaves ? "departure" : "arrival"}, due ${due} h before`);
}

/** Late on its way, or changed after the goods were there. */
function slow({ declaration, thresholds }: Checked): readonly Failure[] | null {
  const { issuedAt, receivedAt, transport } = declaration;
  if (
    declaration.function === "amend" &&
    transport?.ata !== undefined &&
    hoursBetween(transport.ata, receivedAt) > 0
  )
    return fail("T3", "42A/017", "amended after arrival");
  if (issuedAt === undefined) return null;
  const hours = hoursBetween(issuedAt, receivedAt);
  if (!(hours > thresholds.latencyHours)) return SOUND;
  return fail(
    "T3",
    "42A/D011",
    `received ${hours.toFixed(0)} h after it was issued, prompt is ${thresholds.latencyHours} h`,
  );
}

function incomplete({ declaration }: Checked): readonly Failure[] | null {
  const { items, itemsTotal } = declaration;
  if ((items?.length ?? 0) === 0 && (itemsTotal ?? 0) === 0)
    return fail("C1", "42A/67A/68A", "no goods item is declared");
  const { missing, share } = fieldsMissing(declaration);
  const [first] = missing;
  if (first === undefined) return SOUND;
  const names = missing.map(({ name }) => name).join(", ");
  return fail("C1", first.pointer, `required but missing: ${names}`, share);
}

function isCommercial({ consignment }: Declaration): boolean {
  return consignment?.category === "sale_of_goods" || consignment?.category === "commercial_sample";
}

/** HS is due unless both parties are natural persons (ICS2 C3025); here only of goods sold or sent as samples. */
function hsMissing({ declaration }: Checked): readonly Failure[] | null {
  const { consignor, consignee } = declaration.parties ?? {};
  const bothNatural = consignor?.kind === "natural" && consignee?.kind === "natural";
  if (bothNatural || !isCommercial(declaration)) return null;
  return failItems("C2", declaration.items ?? [], (item) => item.hs6 === undefined, "23A", "HS code missing");
}

function massMissing({ declaration: { consignment, items } }: Checked): readonly Failure[] | null {
  if (!((consignment?.grossMassKg ?? 0) > 0)) return fail("C3", "42A/131", "gross mass missing or 0 kg");
  const unweighed = (item: Item) => !((item.netMassKg ?? item.grossMassKg ?? 0) > 0);
  const failures = failItems("C3", items ?? [], unweighed, "65A/128", "item mass missing or 0 kg") ?? SOUND;
  // The consignment's own mass is there: half a fault.
  return failures.map((failure) => ({ ...failure, share: failure.share / 2 }));
}

function consigneeIncomplete({ declaration: { parties } }: Checked): readonly Failure[] | null {
  const consignee = parties?.consignee;
  if (consignee === undefined) return null;
  const lacking = [
    ...(consignee.nameQ !== undefined && consignee.nameQ !== "ok" ? ["name"] : []),
    ...(consignee.addressQ !== undefined && consignee.addressQ !== "ok" ? ["address"] : []),
    ...(consignee.contactQ === "missing" ? ["contact"] : []),
  ];
  if (lacking.length === 0) return SOUND;
  return fail("C4", "42A/27A", `consignee incomplete: ${lacking.join(", ")}`, lacking.length / 3);
}

function originMissing({ declaration }: Checked): readonly Failure[] | null {
  if (!isCommercial(declaration)) return null;
  const bad = (item: Item) => item.originCountry === undefined;
  return failItems("C5", declaration.items ?? [], bad, "92A/063", "country of origin missing");
}

function vagueDescription({ declaration, stopTerms, thresholds }: Checked): readonly Failure[] | null {
  if (declaration.consignment?.category === "documents") return null;
  const bad = (item: Item) =>
    isVague(item.description, stopTerms, item.hs6 !== undefined, {
      ...thresholds,
      language: item.descriptionLang,
    });
  const what = `description vague (stop terms ${stopTerms.version})`;
  return failItems("A1", declaration.items ?? [], bad, "23A/137", what);
}

/** Only where the words surely name goods of another group than the code: a text that names none says nothing. */
function textAgainstCode({ declaration }: Checked): readonly Failure[] | null {
  const coded = (declaration.items ?? []).filter((item) => item.hs6 !== undefined);
  const bad = ({ description, hs6 = "", descriptionLang }: Item) =>
    contradictsCode(description, hs6, descriptionLang);
  return failItems("A2", coded, bad, "23A", "description and HS code name other goods");
}

function valueSuspicious(checked: Checked): readonly Failure[] | null {
  const { declaration, thresholds } = checked;
  const { items, consignment } = declaration;
  if (consignment?.category === "documents") return null;
  const placeholder = (money: Money | undefined) =>
    money !== undefined && thresholds.placeholderAmounts.includes(Number(money.amount));
  const total = consignment?.totalValue;
  const words = `value is ${thresholds.placeholderAmounts.join(" or ")}`;
  if (placeholder(total)) return fail("A3", "42A/109", `total ${words}`);
  const level = total === undefined ? undefined : thresholds.valueLevels[total.currency];
  if (
    total !== undefined &&
    level !== undefined &&
    isJustBelow(Number(total.amount), level, thresholds.valueMargin)
  )
    return fail("A3", "42A/109", `total value just below ${level} ${total.currency}`, 0.5);
  const failures = failItems("A3", items ?? [], (item) => placeholder(item.value), "23A/108", words);
  if (failures === null && total === undefined) return null;
  return failures === null || failures.length === 0 ? priceUnusual(checked) : failures;
}

/** A price a kilogram outside of what such goods cost. One that is far too low is evidence of the source `value`. */
function priceUnusual({ declaration, thresholds, unitValues }: Checked): readonly Failure[] {
  const price = priceOf(declaration, declaredGoods([declaration]), unitValues);
  if (price === null || Math.abs(price.deviations) <= thresholds.priceDeviations) return SOUND;
  const side = price.deviations < 0 ? "below" : "above";
  const far = Math.abs(price.deviations).toFixed(1);
  const message = `price a kg ${far} standard deviations ${side} what such goods usually cost`;
  return [{ metric: "A3", pointer: "42A/109", message, share: 0.5, saidBy: "value" }];
}

function isJustBelow(amount: number, level: number, margin: number): boolean {
  return amount < level && amount >= level * (1 - margin);
}

function massesDisagree({ declaration, thresholds }: Checked): readonly Failure[] | null {
  const { items, consignment, itemsTotal } = declaration;
  const gross = consignment?.grossMassKg;
  if (gross === undefined || !(gross > 0)) return null;
  const net = (items ?? []).reduce((sum, item) => sum + (item.netMassKg ?? 0), 0);
  if (net <= gross * (1 + thresholds.massMargin)) return SOUND;
  const part = (itemsTotal ?? 0) > (items?.length ?? 0) ? " of the items sent" : "";
  return fail(
    "A4",
    "42A/131",
    `net masses${part} sum to ${net.toFixed(2)} kg, gross mass is ${gross.toFixed(2)} kg`,
  );
}

/** Check digits of identifiers, containers and ships, and codes of countries. Real ships have wrong ones: half a fault. */
function wrongCodes({ declaration }: Checked): readonly Failure[] | null {
  const { identifiers = [], equipment = [], transport, parties = {}, items = [] } = declaration;
  const wrong = identifiers.filter(
    ({ scheme, value, checkOk }) => (checkOk ?? checkIdentifier(scheme, value)) === false,
  );
  const containers = equipment.filter(
    ({ id, kind }) => kind === "container" && checkIdentifier("ISO6346", id) === false,
  );
  const countries = [
    ...Object.values(parties).map((party) => party?.country),
    ...items.map((item) => item.originCountry),
    transport?.loadPlace?.slice(0, 2),
    transport?.dischargePlace?.slice(0, 2),
  ].filter((country) => country !== undefined && !COUNTRIES.has(country));
  return [
    ...(wrong[0] === undefined
      ? SOUND
      : fail(
          "A6",
          "42A/D026",
          `check digit wrong: ${wrong.length} identifier(s), first of scheme ${wrong[0].scheme}`,
        )),
    ...(containers.length === 0
      ? SOUND
      : fail("A6", "42A/31B/159", `check digit wrong: ${containers.length} container(s)`)),
    ...(countries.length === 0
      ? SOUND
      : fail("A6", "42A/092", `${countries.length} country code(s) that ISO 3166 does not know`)),
    ...(transport?.imo === undefined || isValidImo(transport.imo)
      ? SOUND
      : fail("A6", "42A/ABT", "check digit wrong: IMO number of the ship", 0.5)),
  ];
}

function unknownCodes({ declaration }: Checked): readonly Failure[] | null {
  const { consignment, items = [] } = declaration;
  const money = [consignment?.totalValue, consignment?.postalCharges, ...items.map((item) => item.value)];
  const currencies = money.filter((one) => one !== undefined && !CURRENCIES.has(one.currency)).length;
  const bad = (item: Item) =>
    (item.quantityUnit !== undefined && !UNITS.has(item.quantityUnit)) ||
    (item.packageType !== undefined && !PACKAGES.has(item.packageType));
  const noChapter = (item: Item) => item.hs6 !== undefined && !isHsChapter(item.hs6.slice(0, 2));
  return [
    ...(currencies === 0
      ? SOUND
      : fail("K1", "42A/109", `${currencies} currency code(s) that ISO 4217 does not know`)),
    ...(failItems("K1", items, bad, "65A/UNIT", "unit or package code not in the UN/ECE lists") ?? SOUND),
    ...(failItems("K1", items, noChapter, "23A", "HS code of a chapter that does not exist") ?? SOUND),
  ];
}

/** A value above the limit speaks for itself, and is no part of a split. */
function split({ declaration, consignments, thresholds, deMinimisEur }: Checked): readonly Failure[] | null {
  if (consignments === undefined) return null;
  if (consignments < thresholds.splitFrom || (claimedEuros(declaration) ?? 0) > deMinimisEur) return SOUND;
  const message = `${consignments} live consignments to this consignee in ${thresholds.splitDays} days`;
  return [{ metric: "K3", pointer: "42A/27A", message, share: 1, saidBy: "splitting" }];
}

/** A gift that was ordered, and a total that is not what its items say. */
function valuesDisagree({ declaration, thresholds }: Checked): readonly Failure[] | null {
  const { consignment, transaction, parties, items = [], itemsTotal } = declaration;
  const ordered =
    transaction?.orderToken !== undefined ||
    transaction?.listingToken !== undefined ||
    parties?.platform !== undefined;
  if (consignment?.category === "gift" && ordered)
    return fail("K4", "42A/67A", "declared a gift, but ordered on a platform");
  const total = consignment?.totalValue;
  const values = items.flatMap(({ value }) => (value?.currency === total?.currency ? (value ?? []) : []));
  if (
    total === undefined ||
    items.length === 0 ||
    values.length < items.length ||
    (itemsTotal ?? 0) > items.length
  )
    return null;
  const sum = values.reduce((all, value) => all + Number(value.amount), 0);
  const allowed = Math.max(0.01, Number(total.amount) * thresholds.sumMargin);
  if (Math.abs(sum - Number(total.amount)) <= allowed) return SOUND;
  return fail("K4", "42A/109", `the items' values sum to ${sum.toFixed(2)}, the total is ${total.amount}`);
}
