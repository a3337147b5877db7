import type { NamedEvent } from "../../protocols/mqtt/envelope.ts";

const PAINT: Readonly<Record<string, string>> = {
  ALARM: "\u001b[31;1m",
  UNKNOWN: "\u001b[33m",
  CLEAR: "\u001b[32m",
  critical: "\u001b[31;1m",
  warning: "\u001b[33m",
  info: "\u001b[36m",
};
const RESET = "\u001b[0m";

/** One line for a person about an event; colour only where `colour` says that a terminal shows it. */
export function eventLine(event: NamedEvent, colour: boolean): string {
  const data = harmless(event.data) as Readonly<Record<string, unknown>>;
  const time = event.time.slice(11, 19);
  const paint = (word: string, text = word) =>
    colour && PAINT[word] !== undefined ? `${PAINT[word]}${text}${RESET}` : text;
  switch (event.name) {
    case "hit":
      return `${time}  ${hitText(data, paint)}`;
    case "alert":
      return `${time}  ${paint(String(data["severity"]), `alert ${String(data["code"])}`)}  ${String(data["message"])}  → ${String(data["remedy"])}`;
    case "state":
    case "status":
      return `${time}  ${harmless(event.source)} is ${String(data["state"])}${typeof data["code"] === "string" ? ` (${data["code"]})` : ""}`;
    default:
      return `${time}  ${event.name} from ${harmless(event.source)}`;
  }
}

function hitText(
  hit: Readonly<Record<string, unknown>>,
  paint: (word: string, text?: string) => string,
): string {
  const identifiers = hit["identifiers"] as readonly { value: string }[];
  const score = hit["score"] as { probability: number };
  const reasons = hit["reasons"] as readonly { text: string }[];
  const decision = String(hit["decision"]);
  const name = identifiers[0]?.value ?? "no identifier";
  const revision =
    Number(hit["revision"]) > 1 ? ` (revision ${Number(hit["revision"])}, ${String(hit["cause"])})` : "";
  const why = [...notDecided(hit), ...reasons.slice(0, 2).map((reason) => reason.text)].join("; ");
  return `${name.padEnd(18)}  ${paint(decision, decision.padEnd(7))}  ${percent(score.probability)}  ${String(hit["recommendation"]).padEnd(12)}${revision}  ${why}`;
}

/** A probability as a person reads it: `38 %`, `0.6 %`. */
function percent(probability: number): string {
  const value = probability * 100;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`.padStart(6);
}

/** Why a scan gets no decision though nothing is wrong with it: it is none of the site's work (`mqtt.md`, Hit `scan`). */
function notDecided(hit: Readonly<Record<string, unknown>>): readonly string[] {
  if (hit["recommendation"] !== "NO_DECISION") return [];
  const { origin, purpose } = hit["scan"] as { origin: string; purpose: string };
  const word = origin === "MACHINE" ? purpose : origin;
  return word === "OPERATIONAL"
    ? []
    : [`not decided: the scan is ${word.toLowerCase().replaceAll("_", "-")}`];
}

/** What came over the network, with a blank for each control character: it is shown on somebody's terminal. */
function harmless(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(/\p{Cc}/gu, " ");
  if (Array.isArray(value)) return value.map(harmless);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, harmless(member)]));
}
