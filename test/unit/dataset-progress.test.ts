import { describe, expect, it } from "vitest";
import { progressOn } from "../../simulator/dataset/progress.ts";

function shown(isTTY: boolean, steps: readonly number[], count: number): string {
  let text = "";
  let ms = 5000;
  const show = progressOn({ isTTY, write: (more: string) => (text += more) }, () => ms);
  for (const done of steps) {
    ms += 500;
    show(done, count);
  }
  return text;
}

describe("the progress of a data set", () => {
  it("is one line on a terminal, written over, and its speed", () => {
    expect(shown(true, [1, 2], 2)).toBe("\r\u001b[K1 of 2 scans, 2.0/s\r\u001b[K2 of 2 scans, 2.0/s\n");
  });

  it("is a line each tenth of the way elsewhere, the last at the end", () => {
    const lines = shown(
      false,
      Array.from({ length: 1000 }, (_, n) => n + 1),
      1000,
    ).split("\n");
    expect(lines.length).toBe(11);
    expect(lines[0]).toBe("100 of 1000 scans, 2.0/s");
    expect(lines[9]).toBe("1000 of 1000 scans, 2.0/s");
    expect(lines[10]).toBe("");
  });

  it("is a line for each scan where there are few", () => {
    expect(shown(false, [1, 2, 3], 3).trimEnd().split("\n").length).toBe(3);
  });
});
