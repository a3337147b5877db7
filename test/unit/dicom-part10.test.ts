import { describe, expect, it } from "vitest";
import { dataSet, element } from "../../protocols/dicom/build.ts";
import { dumpLines, dumpPart10 } from "../../protocols/dicom/dump.ts";
import { DICOM_LIMITS } from "../../protocols/dicom/limits.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { encodePart10, encodePreface, part10Of, readHead, readPart10 } from "../../protocols/dicom/part10.ts";
import { readDataSet } from "../../protocols/dicom/reader.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { itemsOf, numberOf, textOf, textsOf } from "../../protocols/dicom/values.ts";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import { referenceFiles } from "../fixtures/dicos.ts";

const files = referenceFiles();
const EXPLICIT = { explicit: true };

function bytesOf(...parts: readonly (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...part].map((c) => c.charCodeAt(0)))),
  );
}

function vrsOf(set: DataSet): readonly string[] {
  return set.elements.flatMap(({ vr, value }) => [
    vr,
    ...(value.kind === "items" ? value.items.flatMap(vrsOf) : []),
  ]);
}

describe("the reference files of DICOS", () => {
  it.each(files)("$name reads and is written again byte for byte", ({ bytes }) => {
    const file = readPart10(bytes);
    expect(Buffer.from(encodePart10(file)).equals(bytes)).toBe(true);
    expect(textOf(file.dataset, TAG.dicosVersion)).toMatch(/^V0(2|2A|3)$/);
  });

  it.each(files)("$name loses nothing on the way through implicit VR and back", ({ bytes }) => {
    const { dataset } = readPart10(bytes);
    const implicit = encodeDataSet(dataset, { explicit: false });
    const again = readDataSet(implicit, { explicit: false });
    expect(Buffer.from(encodeDataSet(again, { explicit: false })).equals(implicit)).toBe(true);
    // The dictionary knows every attribute of the reference files, also those that only DICOS has.
    expect(dataset.elements.length).toBe(again.elements.length);
    expect(vrsOf(again)).not.toContain("UN");
  });

  it("are there, or it is said that they are not", () => {
    if (files.length === 0) console.log("the reference files of ../shared are absent: nothing was read");
    else expect(files.length).toBeGreaterThanOrEqual(14);
  });
});

describe("reading a data set", () => {
  it("keeps order, length forms, reserved bytes, odd lengths, private and unknown tags", () => {
    const bytes = bytesOf(
      ...[0x08, 0, 0x60, 0, "CS", 2, 0, "CT"],
      ...[0x09, 0, 0x10, 0, "LO", 3, 0, "ACM"],
      ...[0x09, 0, 0x01, 0x10, "ZZ", 7, 0, 3, 0, 0, 0, 1, 2, 3],
      ...[0x10, 0x40, 0x11, 0x10, "SQ", 0, 0, 18, 0, 0, 0],
      ...[0xfe, 0xff, 0x00, 0xe0, 10, 0, 0, 0, 0x10, 0x40, 0x10, 0x10, "US", 2, 0, 5, 0],
      ...[0x10, 0x40, 0x38, 0x10, "SQ", 0, 0, 0xff, 0xff, 0xff, 0xff],
      ...[0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0],
      ...[0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0],
    );
    const set = readDataSet(bytes, EXPLICIT);
    expect(Buffer.from(encodeDataSet(set, EXPLICIT)).equals(bytes)).toBe(true);
    expect(numberOf(itemsOf(set, TAG.threats)[0] ?? { elements: [] }, TAG.ptoId)).toBe(5);
    expect(itemsOf(set, TAG.assessments)).toHaveLength(1);
  });

  it("reads a sequence that came as UN of undefined length as implicit", () => {
    const inner = [0x10, 0x40, 0x10, 0x10, 2, 0, 0, 0, 9, 0];
    const item = [0xfe, 0xff, 0x00, 0xe0, inner.length, 0, 0, 0, ...inner];
    const head = [0x11, 0x40, 0x11, 0x10, "UN", 0, 0, 0xff, 0xff, 0xff, 0xff];
    const bytes = bytesOf(...head, ...item, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0);
    const set = readDataSet(bytes, EXPLICIT);
    expect(numberOf(itemsOf(set, 0x4011_1011)[0] ?? { elements: [] }, TAG.ptoId)).toBe(9);
    expect(Buffer.from(encodeDataSet(set, EXPLICIT)).equals(bytes)).toBe(true);
  });

  it("reads (0008,0118) as DICOS or as DICOM means it, by the SOP class", () => {
    const of = (sopClass: string) =>
      readDataSet(
        encodeDataSet(dataSet([element(TAG.sopClass, sopClass), element(TAG.imageOrigin, "SYNTHETIC")]), {
          explicit: false,
        }),
        { explicit: false },
      ).elements[1]?.vr;
    expect(of(SOP_CLASS.dicosDxProcessing)).toBe("CS");
    expect(of(SOP_CLASS.dxProcessing)).toBe("UI");
  });

  it("decodes text by its character set", () => {
    const korean = new TextEncoder().encode("한국");
    const utf8 = dataSet([element(TAG.characterSet, "ISO_IR 192"), element(TAG.machineLocation, korean)]);
    expect(textOf(utf8, TAG.machineLocation)).toBe("한국");
    const euc = dataSet([
      element(TAG.characterSet, "\\ISO 2022 IR 149"),
      element(TAG.machineLocation, Uint8Array.of(0xc7, 0xd1, 0xb1, 0xb9)),
    ]);
    expect(textOf(euc, TAG.machineLocation)).toBe("한국");
    expect(textsOf(dataSet([element(TAG.imageType, ["ORIGINAL", "", "X"])]), TAG.imageType)).toEqual([
      "ORIGINAL",
      "",
      "X",
    ]);
  });

  const broken: readonly (readonly [string, string, Uint8Array])[] = [
    ["ends in a header", "LYN_DICOM_TRUNCATED", bytesOf(8, 0, 0x60, 0, "CS")],
    ["claims more than there is", "LYN_DICOM_TRUNCATED", bytesOf(8, 0, 0x60, 0, "CS", 9, 0, "CT")],
    ["has no VR", "LYN_DICOM_INVALID", bytesOf(8, 0, 0x60, 0, 1, 2, 0, 0, 0, 0)],
    ["has an item at the top", "LYN_DICOM_INVALID", bytesOf(0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0)],
  ];
  it.each(broken)("refuses what %s", (_, code, bytes) => {
    expect(() => readDataSet(bytes, EXPLICIT)).toThrowError(expect.objectContaining({ code }));
  });

  it("bounds the depth and the number of elements", () => {
    const open = [0x10, 0x40, 0x11, 0x10, "SQ", 0, 0, 0xff, 0xff, 0xff, 0xff];
    const level = [...open, 0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff];
    const deep = bytesOf(...Array.from({ length: DICOM_LIMITS.maxDepth + 1 }, () => level).flat());
    expect(() => readDataSet(deep, EXPLICIT)).toThrowError(
      expect.objectContaining({ code: "LYN_DICOM_LIMIT" }),
    );
    const many = new Uint8Array(8 * (DICOM_LIMITS.maxElements + 1));
    for (let at = 0; at < many.length; at += 8) many.set([0x08, 0, 0x60, 0], at);
    expect(() => readDataSet(many, { explicit: false })).toThrowError(
      expect.objectContaining({ code: "LYN_DICOM_LIMIT" }),
    );
    const fragments = new Uint8Array(12 + 8 * (DICOM_LIMITS.maxFragments + 1));
    fragments.set(bytesOf(0xe0, 0x7f, 0x10, 0, "OB", 0, 0, 0xff, 0xff, 0xff, 0xff));
    for (let at = 12; at < fragments.length; at += 8) fragments.set([0xfe, 0xff, 0x00, 0xe0], at);
    expect(() => readDataSet(fragments, EXPLICIT)).toThrowError(
      expect.objectContaining({ code: "LYN_DICOM_LIMIT" }),
    );
  });
});

describe("a file", () => {
  const set: DataSet = dataSet([
    element(TAG.sopClass, SOP_CLASS.dicosDxProcessing),
    element(TAG.rows, 2),
    element(TAG.pixels, Uint8Array.of(1, 2, 3, 4)),
  ]);
  const options = {
    sopClass: SOP_CLASS.dicosDxProcessing,
    sopInstance: "1.2.3",
    transferSyntax: SYNTAX.explicitLittle,
    implementationClass: "1.2",
    implementationVersion: "T",
    dicosVersion: "V03",
  };

  it("is read as far as its pixels from its first bytes", () => {
    const bytes = encodePart10(part10Of(set, options));
    const head = readHead(bytes.subarray(0, bytes.length - 4));
    expect(head.pixels).toEqual({ tag: TAG.pixels, vr: "OW", offset: bytes.length - 4, length: 4 });
    expect(numberOf(head.dataset, TAG.rows)).toBe(2);
    expect(textOf(head.meta, TAG.metaDicosVersion)).toBe("V03");
    expect(numberOf(head.meta, TAG.metaLength)).toBeGreaterThan(0);
  });

  it("is refused where it is none, or in a syntax that is not read", () => {
    const bytes = encodePart10(part10Of(set, options));
    expect(() => readPart10(bytes.subarray(1))).toThrowError(
      expect.objectContaining({ code: "LYN_DICOM_FORMAT" }),
    );
    const big = encodePreface({ ...options, transferSyntax: SYNTAX.explicitBig });
    expect(() => readPart10(big)).toThrowError(expect.objectContaining({ code: "LYN_DICOM_SYNTAX" }));
  });

  it("is dumped with the names that DICOS uses, and nothing that a terminal obeys", () => {
    const named = dataSet([...set.elements, element(TAG.ooiId, "\u001b[2JX"), element(TAG.threats, [set])]);
    const lines = dumpLines(dumpPart10(part10Of(named, options)));
    expect(lines.join("\n")).toContain("OOIID");
    expect(lines.join("\n")).toContain("DICOS DX Image, for processing");
    expect(lines.join("\n")).not.toContain("\u001b");
    expect(lines.some((line) => line.startsWith("    (0028,0010) US Rows"))).toBe(true);
  });
});
