import { describe, expect, it } from "vitest";
import { dataSet, element } from "../../protocols/dicom/build.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { objectInfo } from "../../protocols/dicom/object.ts";
import { part10Of } from "../../protocols/dicom/part10.ts";
import { describePixels } from "../../protocols/dicom/pixels/description.ts";
import { framesOf } from "../../protocols/dicom/pixels/frames.ts";
import { planeOf } from "../../protocols/dicom/pixels/plane.ts";
import { planScan } from "../../protocols/dicom/scan-plan.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { dxOf } from "../fixtures/dicom.ts";

type Attributes = Readonly<Record<number, Parameters<typeof element>[1]>>;

/** A 2 × 2 image object of given attributes. */
function imageOf(more: Attributes): DataSet {
  const attributes: Attributes = {
    [TAG.rows]: 2,
    [TAG.columns]: 2,
    [TAG.samplesPerPixel]: 1,
    [TAG.photometric]: "MONOCHROME2",
    [TAG.bitsAllocated]: 16,
    [TAG.bitsStored]: 16,
    [TAG.highBit]: 15,
    [TAG.pixelRepresentation]: 0,
    ...more,
  };
  return dataSet(Object.entries(attributes).map(([tag, value]) => element(Number(tag), value)));
}

const location = (tag: number, length: number) => ({ tag, vr: "OW", offset: 0, length });

function decode(frame: ArrayBufferView, more: Attributes = {}, tag: number = TAG.pixels) {
  const dataset = imageOf(more);
  const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
  return planeOf(bytes, describePixels({ dataset, pixels: location(tag, bytes.length) }), dataset);
}

const grey = (...given: Parameters<typeof decode>) => {
  const plane = decode(...given);
  return plane.kind === "grey" ? [...plane.grey] : null;
};

const BITS = (allocated: number, stored = allocated, high = stored - 1): Attributes => ({
  [TAG.bitsAllocated]: allocated,
  [TAG.bitsStored]: stored,
  [TAG.highBit]: high,
});

describe("pixels become counts", () => {
  it("as they are at 16 bits, stretched to 16 bits below", () => {
    expect(grey(Uint16Array.of(0, 1, 40_000, 65_535))).toEqual([0, 1, 40_000, 65_535]);
    expect(grey(Uint8Array.of(0, 1, 128, 255), BITS(8))).toEqual([0, 257, 32_896, 65_535]);
    expect(grey(Uint16Array.of(0, 1, 2048, 4095), BITS(16, 12))).toEqual([0, 16, 32_776, 65_535]);
  });

  it("without the bits around the stored ones, and with their sign", () => {
    expect(grey(Uint16Array.of(0x0010, 0xfff7, 0x8008, 0x0000), BITS(16, 12, 15))).toEqual([
      16, 65_535, 32_776, 0,
    ]);
    const signed = { ...BITS(16), [TAG.pixelRepresentation]: 1 };
    expect(grey(Int16Array.of(-5, 0, 16_384, 32_767), signed)).toEqual([0, 0, 32_769, 65_535]);
  });

  it("scaled where wider samples and floats do not fit", () => {
    expect(grey(Uint32Array.of(0, 1000, 2000, 60_000), BITS(32), TAG.pixels32)).toEqual([
      0, 1000, 2000, 60_000,
    ]);
    expect(grey(Uint32Array.of(0, 1e6, 3e6, 4e6), BITS(32), TAG.pixels32)).toEqual([
      0, 16_384, 49_151, 65_535,
    ]);
    expect(grey(BigUint64Array.of(0n, 1n, 2n, 1_000_000n), BITS(64), TAG.pixels64)).toEqual([
      0, 0, 0, 65_535,
    ]);
    expect(grey(Float32Array.of(0, 0.25, 0.5, 1), BITS(32), TAG.pixelsFloat)).toEqual([
      0, 16_384, 32_768, 65_535,
    ]);
    expect(grey(Float64Array.of(0, 100, 200.4, -7), BITS(64), TAG.doublePixels)).toEqual([0, 100, 200, 0]);
  });

  it("bright where the beam came through: by the sign, else as displayed", () => {
    const values = Uint16Array.of(0, 1, 2, 65_535);
    const turned = [65_535, 65_534, 65_533, 0];
    expect(grey(values, { [TAG.photometric]: "MONOCHROME1" })).toEqual(turned);
    expect(grey(values, { [TAG.photometric]: "MONOCHROME1", [TAG.intensitySign]: 1 })).toEqual([...values]);
    expect(grey(values, { [TAG.intensitySign]: -1 })).toEqual(turned);
    expect(grey(values, { [TAG.presentationLutShape]: "INVERSE" })).toEqual(turned);
  });

  it("rescaled as the object says, with padding taken for air", () => {
    expect(grey(Uint16Array.of(0, 10, 20, 65_535), { [TAG.rescaleSlope]: 0.5 })?.slice(0, 3)).toEqual([
      0, 10, 20,
    ]);
    expect(grey(Uint16Array.of(7, 10, 20, 30), { [TAG.padding]: Uint8Array.of(7, 0) })?.[0]).toBe(65_535);
    const log = decode(Uint16Array.of(1, 2, 3, 4), { [TAG.intensityRelationship]: "LOG" });
    expect(log).toMatchObject({ relationship: "log" });
  });

  it("or colours, of palettes and of three samples", () => {
    const entries = Uint8Array.of(3, 0, 0, 0, 16, 0);
    const ramp = (...words: readonly number[]) => new Uint8Array(Uint16Array.from(words).buffer);
    const palette = {
      ...BITS(8),
      [TAG.photometric]: "PALETTE COLOR",
      ...{ [TAG.redPalette]: entries, [TAG.greenPalette]: entries, [TAG.bluePalette]: entries },
      [TAG.redPaletteData]: ramp(0, 0x8000, 0xffff),
      [TAG.greenPaletteData]: ramp(0, 0, 0xff00),
      [TAG.bluePaletteData]: ramp(0x1200, 0x3400, 0x5600),
    };
    const plane = decode(Uint8Array.of(0, 1, 2, 9), palette);
    expect(plane.kind === "colour" && [...plane.rgb]).toEqual([
      0, 0, 18, 128, 0, 52, 255, 255, 86, 255, 255, 86,
    ]);
    const colour = {
      ...BITS(8),
      [TAG.samplesPerPixel]: 3,
      [TAG.photometric]: "RGB",
      [TAG.planarConfiguration]: 1,
    };
    const rgb = decode(Uint8Array.of(1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24), colour);
    expect(rgb.kind === "colour" && [...rgb.rgb.subarray(0, 6)]).toEqual([1, 11, 21, 2, 12, 22]);
  });

  const impossible: readonly (readonly [string, Attributes, string])[] = [
    ["no rows", { [TAG.rows]: 0 }, "LYN_DICOM_PIXELS"],
    ["two samples", { [TAG.samplesPerPixel]: 2 }, "LYN_DICOM_PIXELS"],
    ["12 bits allocated", { [TAG.bitsAllocated]: 12 }, "LYN_DICOM_PIXELS"],
    ["more bits stored than allocated", { [TAG.bitsStored]: 17 }, "LYN_DICOM_PIXELS"],
    ["an unknown photometric interpretation", { [TAG.photometric]: "CMYK" }, "LYN_DICOM_PIXELS"],
    ["too many pixels", { [TAG.rows]: 65_535, [TAG.columns]: 65_535 }, "LYN_DICOM_LIMIT"],
    ["too many frames", { [TAG.frames]: "100001" }, "LYN_DICOM_LIMIT"],
    ["fewer bytes than described", { [TAG.rows]: 3 }, "LYN_DICOM_PIXELS"],
  ];
  it.each(impossible)("are refused with %s", (_, more, code) => {
    expect(() => decode(Uint16Array.of(1, 2, 3, 4), more)).toThrowError(expect.objectContaining({ code }));
  });
});

describe("fragments become frames", () => {
  const piece = (length: number) => new Uint8Array(length);

  it("one each, all of one, or by the offset table", () => {
    const none = piece(0);
    expect(framesOf([none, piece(2), piece(4)], 1)).toEqual([[piece(2), piece(4)]]);
    expect(framesOf([none, piece(2), piece(4)], 2)).toHaveLength(2);
    const table = new Uint8Array(Uint32Array.of(0, 20).buffer);
    expect(framesOf([table, piece(2), piece(2), piece(4)], 2)).toEqual([[piece(2), piece(2)], [piece(4)]]);
    expect(() => framesOf([none, piece(2), piece(2), piece(4)], 2)).toThrowError(/no offset table/);
  });
});

describe("objects become a scan", () => {
  const of = (...sets: readonly DataSet[]) =>
    planScan(
      sets.map((dataset) => {
        const options = { implementationClass: "1", implementationVersion: "T" };
        const file = part10Of(dataset, {
          sopClass: SOP_CLASS.dicosDxProcessing,
          sopInstance: "1",
          transferSyntax: SYNTAX.explicitLittle,
          ...options,
        });
        return { info: objectInfo({ ...file, pixels: location(TAG.pixels, 0) }) };
      }),
    );
  const view = (number: number) => ({ number, name: `v${number}`, count: 2 });

  it("by views and energies, whole when all that is stated is there", () => {
    const all = [view(1), view(0)].flatMap((one) =>
      (["high", "low"] as const).map((energy) => dxOf("plan", { view: one, energy })),
    );
    const plan = of(...all);
    expect([plan.kind, plan.complete]).toEqual(["dual-energy", true]);
    expect(plan.views.map(({ name, planes }) => [name, planes.map(({ energy }) => energy)])).toEqual([
      ["v0", ["low", "high"]],
      ["v1", ["low", "high"]],
    ]);
    expect(of(...all.slice(0, 3)).complete).toBe(false);
  });

  it("pairs energies that are not named by what tells them apart, and leaves misfits alone", () => {
    const bare = (kilovolts: number, width = 96) => {
      const dataset = dxOf("bare", { energy: "single", width, tube: { kilovolts, microamperes: 1 } });
      const unnamed: readonly number[] = [
        TAG.seriesEnergy,
        TAG.seriesEnergyDescription,
        TAG.energyCount,
        TAG.viewCount,
      ];
      return { elements: dataset.elements.filter(({ tag }) => !unnamed.includes(tag)) };
    };
    const plan = of(bare(160), bare(80));
    expect(plan).toMatchObject({ kind: "dual-energy", complete: null });
    expect(plan.views[0]?.planes[0]).toMatchObject({ energy: "low", object: { info: { energyRank: 80 } } });
    expect(of(bare(160), bare(80, 64))).toMatchObject({ kind: "single-energy" });
  });

  it("reads what DICOS redefines as DICOS means it, and nothing personal of plain DICOM", () => {
    const info = (dataset: DataSet) => of(dataset).views[0]?.planes[0]?.object.info;
    const dicos = dxOf("meaning");
    expect(info(dicos)).toMatchObject({
      massKg: 2.5,
      origin: "MACHINE",
      identifiers: [{ value: "RR473124829GB" }],
    });
    const plain = dataSet([
      ...dicos.elements.filter(({ tag }) => tag !== TAG.sopClass),
      element(TAG.sopClass, SOP_CLASS.dxProcessing),
    ]);
    expect(info(plain)).toMatchObject({ massKg: null, identifiers: [], ooi: null });
    const tip = dataSet([...dicos.elements, element(TAG.tipType, "FTI")]);
    expect(info(tip)).toMatchObject({ origin: "AUGMENTED" });
    const article = dataSet([...dicos.elements, element(TAG.testArticle, "NIST_SAT")]);
    expect(info(article)).toMatchObject({ purpose: "NON_OPERATIONAL" });
  });
});
