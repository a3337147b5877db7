import type { Declaration } from "../../protocols/declaration.ts";
import { QUALITY_METRICS, type QualityMetric } from "../../protocols/vocabulary.ts";
import type { StoredDeclaration } from "../spool/port.ts";
import type { FusionSettings } from "./input.ts";
import { isVague } from "./stop-terms.ts";

/** A fault of a declaration: metric of `customs-standards.md` §4.1, WCO-style pointer (class id, sequence, tag). */
export interface QualityFinding {
  readonly metric: QualityMetric;
  /** e.g. `42A/67A/68A[3]/23A/137`, or an RFC 6901 pointer where a member was dropped on receipt. */
  readonly pointer: string;
  /** Plain English; never quotes the declaration. */
  readonly message: string;
}

/** How good the data of a declaration is. */
export interface Quality {
  /** 1 − Σ weight × failed share, 0..1; 1 = no fault found. */
  readonly score: number;
  /** How far each failing metric fails, 0 < share ≤ 1. */
  readonly failed: Readonly<Partial<Record<QualityMetric, number>>>;
  readonly findings: readonly QualityFinding[];
}

interface Failure extends QualityFinding {
  readonly share: number;
}

type Item = NonNullable<Declaration["items"]>[number];
type Check = (declaration: Declaration, settings: FusionSettings) => Failure | null;

/** Assesses what can be assessed without the scan: T1, C1–C5, A1, A3, A4, A6 and what parsing found (K1). */
export function assessQuality(
  stored: StoredDeclaration,
  settings: FusionSettings,
  duplicated = false,
): Quality {
  const failures = CHECKS.flatMap((check) => check(stored.declaration, settings) ?? []);
  if (duplicated)
    failures.push(fail("K2", "42A/D026", "another live declaration carries the same identifier"));
  const received = stored.findings.map(({ metric, pointer, message }): Failure => {
    const known = metric in QUALITY_METRICS ? (metric as QualityMetric) : "K1";
    return { metric: known, pointer, message, share: 1 };
  });
  const failed: Partial<Record<QualityMetric, number>> = {};
  for (const { metric, share } of [...failures, ...received])
    failed[metric] = Math.max(failed[metric] ?? 0, share);
  const lost = Object.entries(failed).reduce(
    (sum, [metric, share]) => sum + (settings.weights.quality[metric as QualityMetric] ?? 0) * share,
    0,
  );
  const findings = [...failures, ...received].map(({ metric, pointer, message }) => ({
    metric,
    pointer,
    message,
  }));
  return { score: Math.min(1, Math.max(0, 1 - lost)), failed, findings };
}

const CHECKS: readonly Check[] = [
  latePreArrival,
  noItems,
  hsMissing,
  massMissing,
  consigneeIncomplete,
  originMissing,
  vagueDescription,
  valueSuspicious,
  massesDisagree,
  checkDigitWrong,
];

function fail(metric: QualityMetric, pointer: string, message: string, share = 1): Failure {
  return { metric, pointer, message, share };
}

/** One finding for all items that fail: the pointer names the first, the message counts them. */
function failItems(
  metric: QualityMetric,
  items: readonly Item[],
  bad: (item: Item) => boolean,
  tag: string,
  what: string,
) {
  const failing = items.filter(bad);
  if (failing.length === 0) return null;
  const first = items.indexOf(failing[0] as Item) + 1;
  return fail(
    metric,
    `42A/67A/68A[${first}]/${tag}`,
    `${failing.length} of ${items.length} items: ${what}`,
    failing.length / items.length,
  );
}

/** Hours before arrival (by sea 24, by air 2) that a declaration is due; otherwise before arrival at all. */
const LEAD_HOURS: Readonly<Record<string, number>> = { "1": 24, "4": 2 };

function latePreArrival({ transport, receivedAt }: Declaration): Failure | null {
  const arrival = transport?.ata ?? transport?.eta;
  if (arrival === undefined) return null;
  const leadHours = (Date.parse(arrival) - Date.parse(receivedAt)) / 3_600_000;
  const due = LEAD_HOURS[transport?.mode ?? ""] ?? 0;
  if (!(leadHours < due)) return null;
  const early = leadHours >= 0 ? `${leadHours.toFixed(1)} h before` : `${(-leadHours).toFixed(1)} h after`;
  return fail("T1", "42A/D011", `received ${early} arrival, due ${due} h before`);
}

function noItems({ items, itemsTotal }: Declaration): Failure | null {
  return (items?.length ?? 0) === 0 && (itemsTotal ?? 0) === 0
    ? fail("C1", "42A/67A/68A", "no goods item is declared")
    : null;
}

function isCommercial({ consignment }: Declaration): boolean {
  return consignment?.category === "sale_of_goods" || consignment?.category === "commercial_sample";
}

/** HS is due unless both parties are natural persons (ICS2 C3025); here only of goods sold or sent as samples. */
function hsMissing(declaration: Declaration): Failure | null {
  const { consignor, consignee } = declaration.parties ?? {};
  const bothNatural = consignor?.kind === "natural" && consignee?.kind === "natural";
  if (bothNatural || !isCommercial(declaration)) return null;
  return failItems("C2", declaration.items ?? [], (item) => item.hs6 === undefined, "23A", "HS code missing");
}

function massMissing({ consignment, items }: Declaration): Failure | null {
  if (!((consignment?.grossMassKg ?? 0) > 0)) return fail("C3", "42A/131", "gross mass missing or 0 kg");
  const unweighed = (item: Item) => !((item.netMassKg ?? item.grossMassKg ?? 0) > 0);
  const failure = failItems("C3", items ?? [], unweighed, "65A/128", "item mass missing or 0 kg");
  // The consignment's own mass is there: half a fault.
  return failure === null ? null : { ...failure, share: failure.share / 2 };
}

function consigneeIncomplete({ parties }: Declaration): Failure | null {
  const consignee = parties?.consignee;
  if (consignee === undefined) return null;
  const lacking = [
    ...(consignee.nameQ !== undefined && consignee.nameQ !== "ok" ? ["name"] : []),
    ...(consignee.addressQ !== undefined && consignee.addressQ !== "ok" ? ["address"] : []),
    ...(consignee.contactQ === "missing" ? ["contact"] : []),
  ];
  return lacking.length === 0
    ? null
    : fail("C4", "42A/27A", `consignee incomplete: ${lacking.join(", ")}`, lacking.length / 3);
}

function originMissing(declaration: Declaration): Failure | null {
  if (!isCommercial(declaration)) return null;
  const bad = (item: Item) => item.originCountry === undefined;
  return failItems("C5", declaration.items ?? [], bad, "92A/063", "country of origin missing");
}

function vagueDescription(
  { items, consignment }: Declaration,
  { stopTerms }: FusionSettings,
): Failure | null {
  if (consignment?.category === "documents") return null;
  const bad = (item: Item) => isVague(item.description, stopTerms, item.hs6 !== undefined);
  return failItems("A1", items ?? [], bad, "23A/137", `description vague (stop terms ${stopTerms.version})`);
}

/** Amounts of 0 and 1, whatever the currency: the placeholders that senders write. */
function valueSuspicious({ items, consignment }: Declaration): Failure | null {
  if (consignment?.category === "documents") return null;
  const placeholder = (money: { readonly amount: string } | undefined) =>
    money !== undefined && [0, 1].includes(Number(money.amount));
  if (placeholder(consignment?.totalValue)) return fail("A3", "42A/109", "total value is 0 or 1");
  return failItems("A3", items ?? [], (item) => placeholder(item.value), "23A/108", "value is 0 or 1");
}

function massesDisagree({ items, consignment, itemsTotal }: Declaration): Failure | null {
  const gross = consignment?.grossMassKg;
  const net = (items ?? []).reduce((sum, item) => sum + (item.netMassKg ?? 0), 0);
  if (gross === undefined || !(gross > 0) || net <= gross * 1.02) return null;
  const part = (itemsTotal ?? 0) > (items?.length ?? 0) ? " of the items sent" : "";
  return fail(
    "A4",
    "42A/131",
    `net masses${part} sum to ${net.toFixed(2)} kg, gross mass is ${gross.toFixed(2)} kg`,
  );
}

function checkDigitWrong({ identifiers }: Declaration): Failure | null {
  const wrong = (identifiers ?? []).filter((identifier) => identifier.checkOk === false);
  const [first] = wrong;
  if (first === undefined) return null;
  return fail(
    "A6",
    "42A/D026",
    `check digit wrong: ${wrong.length} identifier(s), first of scheme ${first.scheme}`,
  );
}
