import { DICOS_ATTRIBUTES } from "./data/dicos.ts";
import { GROUPS_0002_0018 } from "./data/groups-0002-0018.ts";
import { GROUPS_0020_7FE0 } from "./data/groups-0020-7fe0.ts";

/** What is known of an attribute. */
export interface Attribute {
  readonly vr: string;
  readonly keyword: string;
}

/** Attributes of DICOM that DICOS gives another meaning: VR where it differs too, and the name DICOS uses. */
const REDEFINED: ReadonlyMap<number, Attribute> = new Map([
  [0x0008_0020, { vr: "DA", keyword: "ScanStartDate" }],
  [0x0008_0030, { vr: "TM", keyword: "ScanStartTime" }],
  [0x0008_0080, { vr: "LO", keyword: "MachineLocation" }],
  [0x0008_0081, { vr: "ST", keyword: "MachineAddress" }],
  [0x0008_0118, { vr: "CS", keyword: "ImageOrigin" }],
  [0x0008_1010, { vr: "SH", keyword: "MachineID" }],
  [0x0008_1040, { vr: "LO", keyword: "MachineSubLocation" }],
  [0x0008_1110, { vr: "SQ", keyword: "ReferencedScanSequence" }],
  [0x0010_0020, { vr: "LO", keyword: "OOIID" }],
  [0x0010_0021, { vr: "LO", keyword: "OOIIDAssigningAuthority" }],
  [0x0010_0022, { vr: "CS", keyword: "OOIIDType" }],
  [0x0010_0040, { vr: "CS", keyword: "Gender" }],
  [0x0010_1002, { vr: "SQ", keyword: "AlternateOOIIDs" }],
  [0x0010_1030, { vr: "DS", keyword: "OOIMassInGrams" }],
  [0x0020_000d, { vr: "UI", keyword: "ScanInstanceUID" }],
  [0x0020_0010, { vr: "SH", keyword: "ScanID" }],
  [0x4010_1046, { vr: "CS", keyword: "TestArticleType" }],
]);

function parse(...tables: readonly string[]): ReadonlyMap<number, Attribute> {
  const map = new Map<number, Attribute>();
  for (const entry of tables.flatMap((table) => table.trim().split(/\s+/))) {
    map.set(Number.parseInt(entry.slice(0, 8), 16), { vr: entry.slice(8, 10), keyword: entry.slice(10) });
  }
  return map;
}

const STANDARD = parse(GROUPS_0002_0018, GROUPS_0020_7FE0, DICOS_ATTRIBUTES);
const GROUP_LENGTH: Attribute = { vr: "UL", keyword: "GroupLength" };
const PRIVATE_CREATOR: Attribute = { vr: "LO", keyword: "PrivateCreator" };

/**
 * What PS3.6 and the DICOS additions know of a tag; null for private and unknown ones.
 * @param dicos whether the object is a DICOS one, whose redefined attributes are then meant as DICOS means them.
 */
export function attributeOf(tag: number, dicos: boolean): Attribute | null {
  const redefined = dicos ? REDEFINED.get(tag) : undefined;
  if (redefined) return redefined;
  const known = STANDARD.get(tag);
  if (known) return known;
  const group = tag >>> 16;
  const element = tag & 0xffff;
  if (element === 0) return GROUP_LENGTH;
  if (group % 2 === 1 && element >= 0x10 && element <= 0xff) return PRIVATE_CREATOR;
  // Overlays and curves: 60xx stands for 6000, 6002 …; those of DICOS in 6100 are in the table.
  return null;
}

/** `(gggg,eeee)` in lower-case hex. */
export function formatTag(tag: number): string {
  const hex = (tag >>> 0).toString(16).padStart(8, "0");
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}
