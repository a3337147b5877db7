import { describe, expect, it } from "vitest";
import { dataSet, element } from "../../protocols/dicom/build.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { part10Of, readPart10 } from "../../protocols/dicom/part10.ts";
import { checkReferences } from "../../protocols/dicom/rules/set.ts";
import { validatePart10 } from "../../protocols/dicom/rules/validate.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { itemsOf, textOf } from "../../protocols/dicom/values.ts";
import { referenceFiles } from "../fixtures/dicos.ts";

const files = referenceFiles();

function fileOf(dataset: DataSet, sopClass = textOf(dataset, TAG.sopClass) ?? "") {
  return part10Of(dataset, {
    sopClass,
    sopInstance: textOf(dataset, TAG.sopInstance) ?? "",
    transferSyntax: SYNTAX.explicitLittle,
    implementationClass: "1.2",
    implementationVersion: "T",
  });
}

const rules = (dataset: DataSet) => validatePart10(fileOf(dataset)).map(({ rule }) => rule);

/** The object of a reference file with attributes replaced (null: taken out). */
function changed(dataset: DataSet, changes: readonly (readonly [number, unknown])[]): DataSet {
  const kept = dataset.elements.filter(({ tag }) => !changes.some(([other]) => other === tag));
  const added = changes.flatMap(([tag, value]) => (value === null ? [] : [element(tag, value as string)]));
  return dataSet([...kept, ...added]);
}

describe("the rules for DICOS objects", () => {
  const reference = (ending: string) => {
    const file = files.find(({ name }) => name.endsWith(ending));
    return file === undefined ? null : readPart10(file.bytes).dataset;
  };
  const tdr = reference("V03_Data/DXwithTDR/tdr.dcs");
  const dx = reference("V03_Data/DXwithTDR/dx.dcs");

  it("find no error in the reference files, only what is known to be odd in them", () => {
    if (files.length === 0) console.log("the reference files of ../shared are absent: nothing was checked");
    for (const { name, bytes } of files) {
      const errors = validatePart10(readPart10(bytes)).filter(({ level }) => level === "error");
      expect([name, errors.map(({ rule }) => rule)]).toEqual([name, []]);
    }
  });

  const cases: readonly (readonly [string, readonly (readonly [number, unknown])[]])[] = [
    ["TDR-14", [[TAG.threats, null]]],
    ["TDR-15", [[TAG.alarmObjects, null]]],
    ["TDR-16", [[TAG.alarmObjects, 0]]],
    ["TDR-17", [[TAG.decision, "CLEAR"]]],
    ["TDR-18", [[TAG.algorithm, null]]],
    ["TDR-19", [[TAG.tdrType, "OPERATOR"]]],
    ["TDR-20", [[TAG.abortFlag, "ABORT"]]],
    ["TDR-21", [[TAG.abortReason, "TIRED"]]],
    ["TDR-22", [[TAG.totalObjects, 0]]],
    ["TDR-23", [[TAG.processingTime, 0]]],
    ["TDR-25", [[TAG.additionalScreening, "YES"]]],
    ["TDR-09", [[TAG.decision, "MAYBE"]]],
    ["OOI-01", [[TAG.ooiId, null]]],
    ["SCAN-05", [[TAG.scanId, ""]]],
    ["UID-01", [[TAG.seriesUid, "abc"]]],
  ];
  it.each(cases)("%s is found where it is broken", (rule, changes) => {
    if (tdr === null) return;
    expect(rules(tdr)).not.toContain(rule);
    expect(rules(changed(tdr, changes))).toContain(rule);
  });

  it("hold an image to its intent, its origin and its file meta information", () => {
    if (dx === null) return;
    expect(rules(changed(dx, [[TAG.presentationIntent, "FOR PRESENTATION"]]))).toContain("DX-23");
    expect(rules(changed(dx, [[TAG.imageOrigin, "SYNTHETIC"]]))).toContain("SCAN-06");
    expect(rules(changed(dx, [[TAG.effectiveEnergy, null]]))).toContain("DX-21");
    const v02 = changed(dx, [
      [TAG.effectiveEnergy, null],
      [TAG.dicosVersion, "V02"],
    ]);
    expect(rules(v02)).not.toContain("DX-21");
    expect(validatePart10(fileOf(dx, SOP_CLASS.dicosCt)).map(({ rule }) => rule)).toContain("META-01");
  });

  it("hold a report to the images that are given with it", () => {
    if (tdr === null || dx === null) return;
    const of = (image: DataSet) => checkReferences(tdr, [image]).map(({ rule }) => rule);
    expect(of(dx)).toEqual([]);
    expect(of(changed(dx, [[TAG.scanUid, "1.2"]]))).toEqual(["REF-02"]);
    expect(of(changed(dx, [[TAG.sopInstance, "1.2"]]))).toEqual(["REF-01", "REF-03"]);
    expect(of(changed(dx, [[TAG.rows, 100]]))).toEqual(["REF-04"]);
    expect(itemsOf(tdr, TAG.threats)).toHaveLength(1);
  });
});
