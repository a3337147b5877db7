import { describe, expect, it } from "vitest";
import { simulateScan } from "../../simulator/scan.ts";
import { TALLY_CELL } from "../../simulator/scene/canvas.ts";
import { MATTER_LABELS, NO_MATTER } from "../../simulator/scene/matter.ts";

describe("what lies where in a simulated scan", () => {
  it("changes nothing of the scan, and names clear targets inside of their boxes only", () => {
    let named = 0;
    for (let index = 0; index < 12; index++) {
      const options = { seed: 4711, index, mix: "training" } as const;
      const plain = simulateScan(options);
      const { matter, ...scan } = simulateScan({ ...options, matter: true });
      expect(scan).toEqual(plain);
      if (matter === undefined) throw new Error("no map");
      expect(matter.width).toBe(Math.ceil(scan.width / TALLY_CELL));
      expect(matter.height).toBe(Math.ceil(scan.height / TALLY_CELL));
      const first = scan.truth.targets.filter(({ view }) => view === 0);
      for (const [at, cell] of matter.cells.entries()) {
        const label = MATTER_LABELS[cell];
        expect(cell === NO_MATTER || label !== undefined).toBe(true);
        const own = first.filter((target) => target.class === label);
        if (!first.some((target) => target.class === label)) continue;
        const x = (at % matter.width) * TALLY_CELL;
        const y = Math.floor(at / matter.width) * TALLY_CELL;
        const inside = own.some(
          ({ box }) =>
            x + TALLY_CELL > box.x - TALLY_CELL &&
            y + TALLY_CELL > box.y - TALLY_CELL &&
            x < box.x + box.width + TALLY_CELL &&
            y < box.y + box.height + TALLY_CELL,
        );
        expect(inside).toBe(true);
        named++;
      }
    }
    expect(named).toBeGreaterThan(50);
  });
});
