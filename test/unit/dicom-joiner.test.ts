import { describe, expect, it } from "vitest";
import { Joiner, type Member } from "../../device/scanner/dicom/joiner.ts";
import type { DxOptions } from "../../protocols/dicom/dicos/dx.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { objectInfo } from "../../protocols/dicom/object.ts";
import { readHead } from "../../protocols/dicom/part10.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { dxOf, fileOf, uidOf } from "../fixtures/dicom.ts";

const TIMES = { joinMs: 1000, lateMs: 60_000 };

function memberOf(dataset: DataSet): Member {
  const head = readHead(fileOf(dataset));
  const info = objectInfo(head);
  const path = `${info.sopInstance}.dcs`;
  return { path, info, kept: { path, sha256: "", bytes: 0 } };
}
const dx = (more: Partial<DxOptions> = {}) => dxOf("scan", { width: 8, height: 8, ...more });
const low = memberOf(dx({ energy: "low" }));
const high = memberOf(dx({ energy: "high" }));
const without = (dataset: DataSet, tag: number): DataSet => ({
  elements: dataset.elements.filter((one) => one.tag !== tag),
});

describe("objects are joined", () => {
  it("two objects of one place are no pair", () => {
    const joiner = new Joiner(TIMES);
    const processed = memberOf(dx({ energy: "low", sopInstance: uidOf("for presentation") }));
    joiner.add(low, 0, 0);
    joiner.add(processed, 0, 0);
    expect(joiner.take(1)).toEqual([]);
    joiner.add(high, 2, 2);
    expect(joiner.take(3)).toMatchObject([{ complete: true, members: [low, processed, high] }]);
  });

  it("a set that states only one of views and energies is not whole before the time-out", () => {
    const joiner = new Joiner(TIMES);
    const [one, other] = (["low", "high"] as const).map((energy) =>
      memberOf(without(dx({ energy }), TAG.viewCount)),
    );
    joiner.add(one!, 0, 0);
    joiner.add(other!, 0, 0);
    expect(joiner.take(999)).toEqual([]);
    expect(joiner.take(1000)).toMatchObject([{ complete: true }]);
  });

  it("what comes between hand-over and acknowledge is joined with what was handed on", () => {
    const joiner = new Joiner(TIMES);
    joiner.add(low, 5, 5);
    const [half] = joiner.take(1005);
    expect(half).toMatchObject({ complete: false, members: [low] });
    joiner.add(high, 1010, 1010);
    joiner.hold(half!, 1020);
    expect(joiner.take(1021)).toMatchObject([{ complete: true, beganAt: 5, members: [low, high] }]);
    expect(joiner.expire(1e9)).toEqual([]);
  });
});
