import type { AdapterOptions } from "./draft.ts";

/** What a sender says of a party; it goes no further than {@link partyOf}. */
export interface PartyText {
  readonly name?: string | undefined;
  readonly business?: string | undefined;
  readonly street?: string | undefined;
  readonly city?: string | undefined;
  readonly postcode?: string | undefined;
  readonly country?: string | undefined;
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  /** EORI, VAT or another public number; kept of legal persons only. */
  readonly taxId?: string | undefined;
  readonly kind?: string | undefined;
}

const PLACEHOLDER =
  /^(?:private|unknown|n\/?a|none|nil|x+|test|-+|\.+|anonymous|customer|recipient|sender)$/i;
const COMPANY =
  /(?:^|\s)(?:ltd|llc|inc|gmbh|ag|kg|bv|b\.v|nv|n\.v|sa|s\.a|sarl|s\.r\.l|srl|spa|s\.p\.a|oy|ab|as|plc|co|corp|company|limited|trading|sp\.? z\.? ?o\.?o)\.?(?:\s|$)/i;
const KINDS: Readonly<Record<string, string>> = {
  natural: "natural",
  person: "natural",
  private: "natural",
  individual: "natural",
  "1": "natural",
  legal: "legal",
  company: "legal",
  business: "legal",
  "2": "legal",
  association: "association",
  "3": "association",
};

/**
 * A party as `customs-aed` carries it: kind, token, country, postcode area, and how complete its particulars were. Name,
 * street, telephone and e-mail end here.
 */
export function partyOf(
  party: PartyText,
  { tokenise }: Pick<AdapterOptions, "tokenise">,
): object | undefined {
  const given = Object.values(party).some((value) => value !== undefined && value.trim() !== "");
  if (!given) return undefined;
  const name = trimmed(party.business) ?? trimmed(party.name);
  const kind = kindOf(party);
  const address = [party.street, party.city, party.postcode, party.country].map(
    (part) => trimmed(part) ?? "",
  );
  const country = trimmed(party.country)?.toUpperCase();
  const area = postcodeArea(trimmed(party.postcode));
  const taxId = trimmed(party.taxId)?.replaceAll(/\s/g, "").toUpperCase();
  return {
    kind,
    ...(name !== undefined && !PLACEHOLDER.test(name) && tokenise !== undefined
      ? { token: tokenise([name, ...address]) }
      : {}),
    ...(kind === "legal" && taxId !== undefined && /^[A-Z0-9-]{4,17}$/.test(taxId)
      ? { publicId: taxId }
      : {}),
    ...(country !== undefined && /^[A-Z]{2}$/.test(country) ? { country } : {}),
    ...(area === undefined ? {} : { postcodeArea: area }),
    nameQ: nameQuality(name, kind),
    addressQ: addressQuality(party),
    contactQ:
      trimmed(party.phone) === undefined && trimmed(party.email) === undefined ? "missing" : "present",
  };
}

function kindOf(party: PartyText): string {
  const stated = KINDS[trimmed(party.kind)?.toLowerCase() ?? ""];
  if (stated !== undefined) return stated;
  if (trimmed(party.business) !== undefined || COMPANY.test(party.name ?? "")) return "legal";
  return trimmed(party.name) === undefined ? "unknown" : "natural";
}

function nameQuality(name: string | undefined, kind: string): string {
  if (name === undefined) return "missing";
  if (PLACEHOLDER.test(name)) return "placeholder";
  return kind === "natural" && name.split(/\s+/).length < 2 ? "single_token" : "ok";
}

function addressQuality({ street, city, postcode, country }: PartyText): string {
  const parts = [street, city, postcode, country].map(trimmed);
  const there = parts.filter((part) => part !== undefined);
  if (there.length === 0 || (there.length === 1 && parts[3] !== undefined)) return "missing";
  if (there.some((part) => PLACEHOLDER.test(part))) return "placeholder";
  return there.length === parts.length ? "ok" : "partial";
}

/** The part of a postcode that names an area: its first word, of a number the first two digits; four characters at most. */
function postcodeArea(postcode: string | undefined): string | undefined {
  if (postcode === undefined) return undefined;
  const first = postcode.toUpperCase().split(/[\s-]/)[0] ?? "";
  const area = /^\d+$/.test(first) ? first.slice(0, 2) : first.slice(0, first.length > 4 ? 2 : 4);
  return /^[A-Z0-9]{1,4}$/.test(area) ? area : undefined;
}

function trimmed(text: string | undefined): string | undefined {
  const cut = text?.trim();
  return cut === "" ? undefined : cut;
}
