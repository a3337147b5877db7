import { LynceusError } from "../../errors.ts";
import { readXmlDocument, type XmlElement, type XmlLimits } from "../../xml.ts";
import type { PartyText } from "./party.ts";

/** Bounds of a message: a larger or deeper one is refused before it costs memory. */
export const DECLARATION_XML_LIMITS = {
  bytes: 16_000_000,
  depth: 32,
  elements: 400_000,
  attributes: 16,
  text: 8_000_000,
} as const satisfies XmlLimits;

/** Reads a message. Document types, and so entities of its own, are refused. @throws LynceusError `LYN_DECLARATION_XML`. */
export function readMessage(text: string): XmlElement {
  return readXmlDocument(text, DECLARATION_XML_LIMITS, (why) => unreadable(why));
}

/** The message cannot be read. The parser's own words may quote it: what stands behind a colon is left out. */
export function unreadable(why: string): LynceusError {
  const plain = why.split(":")[0] ?? "it is not well-formed";
  return new LynceusError("LYN_DECLARATION_XML", `The message cannot be read: ${plain}`, {
    remedy: "Send it as well-formed XML without a document type, in smaller messages where it is too large.",
    details: { why: plain },
  });
}

/** The first element at a path of local names below `from`. */
export function at(from: XmlElement | undefined, path: string): XmlElement | undefined {
  return all(from, path)[0];
}

/** All elements at a path of local names below `from`, in document order. */
export function all(from: XmlElement | undefined, path: string): readonly XmlElement[] {
  let found: readonly XmlElement[] = from === undefined ? [] : [from];
  for (const name of path.split("/"))
    found = found.flatMap(({ children }) => children.filter((child) => child.name === name));
  return found;
}

/** Text at the first of these paths that has any. */
export function text(from: XmlElement | undefined, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = at(from, path)?.text;
    if (found !== undefined && found !== "") return found;
  }
  return undefined;
}

/** A figure with the unit or currency that its attribute names. */
export function measured(
  from: XmlElement | undefined,
  ...paths: readonly string[]
): { readonly value: string; readonly unit: string | undefined } | undefined {
  for (const path of paths) {
    const element = at(from, path);
    if (element === undefined || element.text === "") continue;
    return { value: element.text, unit: element.attributes["unitCode"] ?? element.attributes["currencyID"] };
  }
  return undefined;
}

/** What a message says of a party, by the names that WCO and IATA messages share. */
export function partyText(party: XmlElement | undefined): PartyText {
  const address = at(party, "PostalStructuredAddress") ?? at(party, "Address");
  const contact = at(party, "DefinedTradeContact") ?? at(party, "Contact") ?? at(party, "Communication");
  return {
    name: text(party, "Name"),
    street: text(address, "StreetName", "Line", "PostOfficeBox"),
    city: text(address, "CityName"),
    postcode: text(address, "PostcodeCode", "PostcodeID", "Postcode"),
    country: text(address, "CountryID", "CountryCode"),
    phone: text(contact, "DirectTelephoneCommunication/CompleteNumber", "ID", "CompleteNumber"),
    email: text(contact, "URIEmailCommunication/URIID", "EmailID"),
    taxId: text(party, "ID", "AccountID", "PrimaryID"),
    kind: text(party, "TypeOfPersonCode", "RoleCode"),
  };
}

/** A UN/LOCODE, or nothing: three letters are an airport's code, which is another list. */
export function locodeOf(place: string | undefined): string | undefined {
  return place !== undefined && /^[A-Z]{2}[A-Z2-9]{3}$/.test(place) ? place : undefined;
}
