import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IntervalSet, MAX_INTERVALS } from "../../device/scanner/line-scan/intervals.ts";

const range = fc
  .tuple(fc.nat(60), fc.integer({ min: 1, max: 12 }))
  .map(([from, count]) => ({ from, to: from + count }));

describe("interval set", () => {
  it("knows what a plain set of lines knows, in whatever order and overlap they come", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), fc.nat(80), (ranges, lines) => {
        const set = new IntervalSet();
        const plain = new Set<number>();
        for (const { from, to } of ranges) {
          expect(set.add(from, to)).toBe(true);
          for (let line = from; line < to; line++) plain.add(line);
        }
        const missing = set
          .missing(lines, 1000)
          .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, n) => from + n));
        expect(missing).toEqual(
          Array.from({ length: lines }, (_, line) => line).filter((line) => !plain.has(line)),
        );
        expect(set.end).toBe(Math.max(0, ...[...plain].map((line) => line + 1)));
      }),
      { numRuns: 2000, seed: 3 },
    );
  });

  it("joins ranges that touch", () => {
    const set = new IntervalSet();
    for (const from of [16, 0, 8]) set.add(from, from + 8);
    expect(set.size).toBe(1);
    expect(set.missing(24, 10)).toEqual([]);
  });

  it("names at most as many holes as it is asked for", () => {
    const set = new IntervalSet();
    for (let line = 1; line < 100; line += 2) set.add(line, line + 1);
    expect(set.missing(100, 3)).toEqual([
      { from: 0, to: 1 },
      { from: 2, to: 3 },
      { from: 4, to: 5 },
    ]);
    expect(set.missing(100, 0)).toEqual([]);
  });

  it("is bounded: lines that would be one range too many count as missing", () => {
    const set = new IntervalSet();
    for (let n = 0; n < MAX_INTERVALS; n++) expect(set.add(2 * n, 2 * n + 1)).toBe(true);
    expect(set.add(2 * MAX_INTERVALS, 2 * MAX_INTERVALS + 1)).toBe(false);
    expect(set.size).toBe(MAX_INTERVALS);
    expect(set.missing(2 * MAX_INTERVALS + 1, 10_000).at(-1)).toEqual({
      from: 2 * MAX_INTERVALS - 1,
      to: 2 * MAX_INTERVALS + 1,
    });
    expect(set.add(1, 2)).toBe(true); // joins two: room for one more
    expect(set.add(2 * MAX_INTERVALS, 2 * MAX_INTERVALS + 1)).toBe(true);
  });
});
