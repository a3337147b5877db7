import type { XmlElement } from "../../xml.ts";
import type { DeclarationFinding } from "../parse.ts";
import {
  type Adapted,
  type AdapterFault,
  type AdapterOptions,
  type AdapterResult,
  defined,
  finish,
  identifierOf,
  type Note,
  resultOf,
  someOf,
} from "./draft.ts";
import { partyOf } from "./party.ts";
import { categoryOf, filled, hsOf, massOf, moneyOf, numberOf, timeOf } from "./values.ts";
import { all, at, locodeOf, measured, partyText, readMessage, text, unreadable } from "./xml.ts";

/** Declarations of one message, at most. */
export const MAX_WCO_DECLARATIONS = 10_000;
/** UN/EDIFACT 1225 as the data model uses it. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  "1": "cancel",
  "4": "amend",
  "5": "amend",
  "9": "original",
};
/** UN/EDIFACT 1001: documents whose number names the consignment. */
const DOCUMENTS: Readonly<Record<string, readonly [scheme: string, level: string]>> = {
  "740": ["MAWB", "master"],
  "741": ["MAWB", "master"],
  "703": ["HAWB", "house"],
  "705": ["BL", "master"],
  "704": ["BL", "master"],
  "714": ["HBL", "house"],
};

/**
 * Declarations out of XML in the manner of the WCO data model (`Declaration` > `GoodsShipment` >
 * `GovernmentAgencyGoodsItem` > `Commodity`): one declaration, or any number within a message. Namespaces are not looked at.
 *
 * @throws LynceusError `LYN_DECLARATION_XML` for what is no XML, holds no declaration or is beyond the limits.
 */
export function declarationsOfWco(message: string, options: AdapterOptions): AdapterResult {
  const root = readMessage(message);
  const found = root.name === "Declaration" ? [root] : nested(root, 4);
  if (found.length === 0) throw unreadable("it holds no Declaration");
  if (found.length > MAX_WCO_DECLARATIONS)
    throw unreadable(`it has more than ${MAX_WCO_DECLARATIONS} declarations`);
  return resultOf(found.map((declaration, index) => declarationOf(declaration, options, index + 1)));
}

function nested(element: XmlElement, depth: number): readonly XmlElement[] {
  if (depth === 0) return [];
  return element.children.flatMap((child) =>
    child.name === "Declaration" ? [child] : nested(child, depth - 1),
  );
}

function declarationOf(root: XmlElement, options: AdapterOptions, place: number): Adapted | AdapterFault {
  const notes: DeclarationFinding[] = [];
  const note: Note = (pointer, message) => notes.push({ metric: "K1", pointer, message });
  const shipment = at(root, "GoodsShipment") ?? root;
  const consignment = at(shipment, "Consignment") ?? at(root, "Consignment");
  const reference = text(root, "FunctionalReferenceID", "ID");
  const items = all(shipment, "GovernmentAgencyGoodsItem");
  const equipment = all(consignment, "TransportEquipment");
  const gross =
    measured(root, "TotalGrossMassMeasure", "GrossMassMeasure") ??
    measured(consignment, "TotalGrossMassMeasure", "GrossMassMeasure");
  const value =
    measured(root, "InvoiceAmount", "TotalInvoiceAmount") ??
    measured(shipment, "InvoiceAmount", "Invoice/Amount");
  const packages = numberOf(
    text(root, "TotalPackageQuantity") ?? text(consignment, "TotalPackageQuantity"),
    "/consignment/packageCount",
    note,
  );
  const means = at(consignment, "ArrivalTransportMeans") ?? at(root, "BorderTransportMeans");
  const identifiers = identifiersOf(root, shipment, consignment, equipment);
  const members = {
    function: FUNCTIONS[text(root, "FunctionCode") ?? "9"],
    revision: numberOf(text(root, "VersionID"), "/revision", note),
    issuedAt: timeOf(text(root, "IssueDateTime/DateTimeString", "IssueDateTime"), "/issuedAt", note),
    declarationRef: text(root, "ID"),
    identifiers,
    transport: someOf({
      mode: text(means, "ModeCode")?.slice(0, 1),
      conveyanceRef: text(means, "JourneyID", "ID"),
      imo: imoOf(text(means, "ID")),
      loadPlace: locodeOf(text(consignment, "LoadingLocation/ID")),
      dischargePlace: locodeOf(text(consignment, "UnloadingLocation/ID")),
      eta: timeOf(text(means, "ArrivalDateTime/DateTimeString", "ArrivalDateTime"), "/transport/eta", note),
    }),
    parties: someOf({
      consignor: partyOf(
        partyText(at(shipment, "Consignor") ?? at(consignment, "Consignor") ?? at(shipment, "Exporter")),
        options,
      ),
      consignee: partyOf(
        partyText(at(shipment, "Consignee") ?? at(consignment, "Consignee") ?? at(shipment, "Importer")),
        options,
      ),
      declarant: partyOf(partyText(at(root, "Declarant") ?? at(root, "Agent")), options),
      seller: partyOf(partyText(at(shipment, "Seller")), options),
      buyer: partyOf(partyText(at(shipment, "Buyer")), options),
    }),
    consignment: defined({
      packageCount: packages ?? packagesOf(items),
      category: categoryOf(
        text(shipment, "TransactionNatureCode") ?? text(root, "TransactionNatureCode"),
        "/consignment/category",
        note,
      ),
      grossMassKg: massOf(gross?.value, gross?.unit, "/consignment/grossMassKg", note),
      totalValue: moneyOf(value?.value, value?.unit, "/consignment/totalValue", note),
    }),
    items: items.map((item, index) => itemOf(item, index, note)),
    equipment: equipment.length === 0 ? undefined : equipment.map(equipmentOf),
  };
  const first = identifiers[0] as { value?: string } | undefined;
  return finish(
    {
      reference: reference ?? first?.value ?? `declaration ${place}`,
      sourceRegime: "WCO_DEC",
      members,
      notes,
    },
    options,
    place,
  );
}

function identifiersOf(
  root: XmlElement,
  shipment: XmlElement,
  consignment: XmlElement | undefined,
  equipment: readonly XmlElement[],
): object[] {
  const ucr =
    text(shipment, "UCR/TraderAssignedReferenceID", "UCR/ID") ??
    text(root, "UCR/TraderAssignedReferenceID", "UCR/ID");
  const documents = all(consignment, "TransportContractDocument").map((document) => {
    const [scheme, level] = DOCUMENTS[text(document, "TypeCode") ?? ""] ?? ["HOUSE_REF", "house"];
    return identifierOf(scheme, text(document, "ID"), level);
  });
  // DIP UPU: the functional reference is the postal item's own number.
  const reference = text(root, "FunctionalReferenceID")?.replaceAll(/[\s-]/g, "").toUpperCase();
  return [
    reference !== undefined && /^[A-Z]{2}\d{9}[A-Z]{2}$/.test(reference)
      ? identifierOf("S10", reference, "item")
      : null,
    ...documents,
    identifierOf("UCR", ucr, "declaration"),
    ...equipment.map((one) => identifierOf("ISO6346", text(one, "ID"), "equipment")),
    ...all(shipment, "GovernmentAgencyGoodsItem/Packaging/MarksNumbersID").map((mark) =>
      /^\d{18}$/.test(mark.text) ? identifierOf("SSCC", mark.text, "package") : null,
    ),
  ]
    .filter((one) => one !== null)
    .slice(0, 64);
}

function itemOf(item: XmlElement, index: number, note: Note): object {
  const here = `/items/${index}`;
  const commodity = at(item, "Commodity");
  const codes = all(commodity, "Classification");
  const tariff =
    codes.find((code) => /^(?:TSP|TRC|HS|HTS|SRZ)$/.test(text(code, "IdentificationTypeCode") ?? "")) ??
    codes[0];
  const mass = (name: string) => {
    const found = measured(commodity, `GoodsMeasure/${name}`) ?? measured(item, `GoodsMeasure/${name}`);
    return massOf(found?.value, found?.unit, `${here}/${name}`, note);
  };
  const quantity =
    measured(commodity, "GoodsMeasure/TariffQuantity") ?? measured(item, "GoodsMeasure/TariffQuantity");
  const value =
    measured(commodity, "InvoiceLine/ItemChargeAmount") ??
    measured(item, "StatisticalValueAmount", "CustomsValueAmount");
  return defined({
    seq: numberOf(text(item, "SequenceNumeric"), `${here}/seq`, note) ?? index + 1,
    description: filled(text(commodity, "Description", "CargoDescription")) ?? "-",
    ...hsOf(text(tariff, "ID"), `${here}/hs6`, note),
    quantity: numberOf(quantity?.value, `${here}/quantity`, note),
    quantityUnit: quantity?.unit,
    netMassKg: mass("NetNetWeightMeasure") ?? mass("NetWeightMeasure"),
    grossMassKg: mass("GrossMassMeasure"),
    value: moneyOf(value?.value, value?.unit, `${here}/value`, note),
    originCountry: text(item, "Origin/CountryCode") ?? text(commodity, "Origin/CountryCode"),
    packages: numberOf(text(item, "Packaging/QuantityQuantity"), `${here}/packages`, note),
    packageType: text(item, "Packaging/TypeCode"),
    undg: text(commodity, "DangerousGoods/UNDGID"),
  });
}

function equipmentOf(equipment: XmlElement): object {
  return defined({
    id: text(equipment, "ID") ?? "",
    kind: "container",
    sizeType: text(equipment, "CharacteristicCode"),
    load: loadOf(text(equipment, "FullnessCode")),
    seals: all(equipment, "Seal/ID").map((seal) => seal.text),
  });
}

/** UN/EDIFACT 8169: 4 empty, 5 full, 7 full with several consignments, 8 full with one. */
function loadOf(code: string | undefined): string | undefined {
  if (code === "4") return "empty";
  if (code === "7") return "lcl";
  return code === "5" || code === "8" ? "fcl" : undefined;
}

function imoOf(id: string | undefined): string | undefined {
  const digits = id?.replace(/^IMO\s?/i, "");
  return digits !== undefined && /^\d{7}$/.test(digits) ? digits : undefined;
}

function packagesOf(items: readonly XmlElement[]): number {
  const counts = items.map((item) => Number(text(item, "Packaging/QuantityQuantity")));
  const sum = counts.reduce((total, count) => total + (Number.isInteger(count) && count > 0 ? count : 0), 0);
  return Math.max(1, Math.min(sum, 99_999_999));
}
