import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../fixtures/project.ts";

const CHECK = `
import json, sys
import numpy as np
sys.path.insert(0, "models/training")
from pseudo_pair import AIR_LEVEL, pseudo_pair
worst = 0.0
for case in json.load(open("models/pseudo-pair-vectors.json")):
    rgb = np.array(case["rgb"], np.uint8).reshape(case["height"], case["width"], 3)
    found = pseudo_pair(rgb) * AIR_LEVEL
    for name, plane in zip(("low", "high"), found):
        worst = max(worst, float(np.abs(plane.ravel() - case[name]).max()))
print(worst)
`;

describe("the pseudo pair of training", () => {
  it("is the pseudo pair of the gateway, within a count", () => {
    const python = process.platform === "linux" ? "/usr/bin/python3" : "python3";
    const worst = execFileSync(python, ["-c", CHECK], { cwd: join(ROOT), encoding: "utf8" });
    expect(Number(worst)).toBeLessThanOrEqual(1);
  });
});
