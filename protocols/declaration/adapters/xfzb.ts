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
import { filled, hsOf, massOf, moneyOf, numberOf, timeOf } from "./values.ts";
import { all, at, locodeOf, measured, partyText, readMessage, text, unreadable } from "./xml.ts";

/** House consignments of one message, at most. */
export const MAX_HOUSES = 10_000;

/**
 * Declarations out of a house waybill in the manner of IATA Cargo-XML (XFZB, XFHL): one a house consignment, each found by its
 * house waybill beside the master, and by the master.
 *
 * @throws LynceusError `LYN_DECLARATION_XML` for what is no XML, holds no house consignment or is beyond the limits.
 */
export function declarationsOfXfzb(message: string, options: AdapterOptions): AdapterResult {
  const root = readMessage(message);
  const masters = root.name === "MasterConsignment" ? [root] : all(root, "MasterConsignment");
  const houses = masters.flatMap((master) =>
    all(master, "IncludedHouseConsignment").map((house) => ({ root, master, house })),
  );
  if (houses.length === 0) throw unreadable("it holds no IncludedHouseConsignment");
  if (houses.length > MAX_HOUSES) throw unreadable(`it has more than ${MAX_HOUSES} house consignments`);
  const air = { flow: "air_cargo", ...options } as const;
  return resultOf(houses.map((each, index) => declarationOf(each, houses.length === 1, air, index + 1)));
}

interface House {
  readonly root: XmlElement;
  readonly master: XmlElement;
  readonly house: XmlElement;
}

function declarationOf(
  { root, master, house }: House,
  alone: boolean,
  options: AdapterOptions,
  place: number,
): Adapted | AdapterFault {
  const notes: DeclarationFinding[] = [];
  const note: Note = (pointer, message) => notes.push({ metric: "K1", pointer, message });
  const number =
    text(house, "TransportContractDocument/ID", "AssociatedTransportContractDocument/ID") ??
    (alone ? text(root, "BusinessHeaderDocument/ID") : undefined);
  const waybill = text(master, "TransportContractDocument/ID");
  const gross =
    measured(house, "IncludedTareGrossWeightMeasure", "TotalGrossWeightMeasure") ??
    (alone ? measured(master, "IncludedTareGrossWeightMeasure") : undefined);
  const value =
    measured(house, "DeclaredValueForCustomsAmount") ?? measured(house, "DeclaredValueForCarriageAmount");
  const leg =
    at(house, "SpecifiedLogisticsTransportMovement") ?? at(master, "SpecifiedLogisticsTransportMovement");
  const pieces = numberOf(
    text(house, "TotalPieceQuantity", "PackageQuantity"),
    "/consignment/packageCount",
    note,
  );
  const lines = all(house, "IncludedHouseConsignmentItem");
  const ulds = [
    ...all(house, "UtilizedUnitLoadTransportEquipment"),
    ...all(house, "IncludedHouseConsignmentItem/AssociatedUnitLoadTransportEquipment"),
  ];
  const places = (name: string) =>
    locodeOf(text(house, `${name}/ID`)) ?? locodeOf(text(master, `${name}/ID`));
  const members = {
    function: functionOf(text(root, "MessageHeaderDocument/PurposeCode")),
    issuedAt: timeOf(text(root, "MessageHeaderDocument/IssueDateTime"), "/issuedAt", note),
    identifiers: [identifierOf("HAWB", number, "house"), identifierOf("MAWB", waybill, "master")].filter(
      (one) => one !== null,
    ),
    transport: someOf({
      mode: text(leg, "ModeCode")?.slice(0, 1) ?? "4",
      conveyanceRef: text(leg, "ID"),
      loadPlace: places("OriginLocation"),
      dischargePlace: places("FinalDestinationLocation"),
      etd: timeOf(text(leg, "DepartureEvent/ScheduledOccurrenceDateTime"), "/transport/etd", note),
      eta: timeOf(text(leg, "ArrivalEvent/ScheduledOccurrenceDateTime"), "/transport/eta", note),
    }),
    parties: someOf({
      consignor: partyOf(partyText(at(house, "ConsignorParty")), options),
      consignee: partyOf(partyText(at(house, "ConsigneeParty")), options),
    }),
    consignment: defined({
      packageCount: pieces ?? 1,
      grossMassKg: massOf(gross?.value, gross?.unit, "/consignment/grossMassKg", note),
      // "NVD", no value declared, is no fault.
      totalValue:
        value === undefined || !/\d/.test(value.value)
          ? undefined
          : moneyOf(value.value, value.unit, "/consignment/totalValue", note),
    }),
    items: lines.length > 0 ? lines.map((line, index) => itemOf(line, house, index, note)) : summaryOf(house),
    equipment: ulds.length === 0 ? undefined : ulds.slice(0, 9999).flatMap((uld) => uldOf(uld) ?? []),
  };
  const sourceRegime = root.name === "HouseManifest" || !alone ? "IATA_XFHL" : "IATA_XFZB";
  return finish(
    { reference: `${waybill ?? ""} ${number ?? `house ${place}`}`, sourceRegime, members, notes },
    options,
    place,
  );
}

function itemOf(line: XmlElement, house: XmlElement, index: number, note: Note): object {
  const here = `/items/${index}`;
  const gross = measured(line, "GrossWeightMeasure");
  return defined({
    seq: numberOf(text(line, "SequenceNumeric"), `${here}/seq`, note) ?? index + 1,
    description:
      filled(text(line, "NatureIdentificationTransportCargo/Identification", "Information")) ??
      filled(text(house, "SummaryDescription")) ??
      "-",
    ...hsOf(text(line, "TypeCode"), `${here}/hs6`, note),
    packages: numberOf(text(line, "PieceQuantity", "PackageQuantity"), `${here}/packages`, note),
    grossMassKg: massOf(gross?.value, gross?.unit, `${here}/grossMassKg`, note),
    originCountry: text(line, "OriginCountry/ID"),
  });
}

/** Without lines the description of the whole is the one item. */
function summaryOf(house: XmlElement): object[] {
  const description = filled(text(house, "SummaryDescription"));
  return description === undefined ? [] : [{ seq: 1, description }];
}

/** A unit load device: type, serial, owner. */
function uldOf(uld: XmlElement): object | null {
  const parts = [
    text(uld, "CharacteristicCode", "TypeCode"),
    text(uld, "ID"),
    text(uld, "OperatingParty/PrimaryID", "OwnerParty/PrimaryID"),
  ];
  const id = parts
    .filter((part) => part !== undefined)
    .join("")
    .replaceAll(/\s/g, "")
    .toUpperCase();
  return id === "" ? null : { id, kind: "uld" };
}

/** Cargo-XML: Creation, Update, Deletion. */
function functionOf(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (/^(?:delet|cancel)/i.test(code)) return "cancel";
  return /^(?:updat|amend|correct)/i.test(code) ? "amend" : "original";
}
