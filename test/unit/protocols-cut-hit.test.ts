import { describe, expect, it } from "vitest";
import {
  cutHit,
  cutText,
  encodeEvent,
  type Hit,
  hitSchema,
  LIST_LIMITS,
  MAX_EVENT_BYTES,
  MAX_HIT_DATA_BYTES,
  scoreFaults,
} from "../../protocols/mqtt/index.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";

function many<Entry>(entry: Entry | undefined, count: number): Entry[] {
  if (entry === undefined) throw new Error("nothing to repeat");
  return Array.from({ length: count }, () => entry);
}

function bytesOf(hit: Hit): number {
  return encodeEvent({ name: "hit", id: "1", source: "/s/g/l", time: "2026-03-01T08:12:09.900Z", data: hit })
    .length;
}

/** A hit whose every list is far beyond its limit, with texts of the given character. */
function huge(character: string): Hit {
  const hit = sampleHit();
  const [detection, declaration, reason, image, model] = [
    hit.detections[0],
    hit.declarations[0],
    hit.reasons[0],
    hit.images[0],
    hit.models[0],
  ];
  if (!detection || !declaration || !reason || !image || !model) throw new Error("an empty sample");
  const text = character.repeat(300);
  const box = { view: 0, x: 1234.5678, y: 1234.5678, width: 1234.5678, height: 1234.5678 };
  const finding = { metric: "A1" as const, pointer: `/${"x".repeat(190)}`, message: text };
  return sampleHit({
    scan: { ...hit.scan, views: many(hit.scan.views[0], 8) },
    identifiers: many({ ...hit.identifiers[0]!, value: "A".repeat(70) }, 200),
    detections: many(
      { ...detection, alarm: false, boxes: Array.from({ length: 8 }, (_, view) => ({ ...box, view })) },
      300,
    ),
    declarations: many({ ...declaration, quality: { score: 1, findings: many(finding, 100) } }, 50),
    score: {
      ...hit.score,
      evidence: many(
        { source: "image", code: "THREAT_BLADE", logOdds: 4.59511985013459 / 500, detail: text },
        500,
      ),
    },
    reasons: many({ ...reason, text }, 100),
    images: many(image, 100),
    models: many({ ...model, name: "m".repeat(128) }, 50),
    similar: many({ scanId: hit.scanId, similarity: 0.5, relation: "shape" }, 50),
    load: { state: "part", score: 0.5, profile: many(0.123456789, 500) },
  });
}

describe("cutHit", () => {
  it("leaves a hit alone that is within its limits", () => {
    expect(cutHit(sampleHit())).toEqual(sampleHit());
  });

  it("cuts each list to the contract's length and names it", () => {
    const detections = many(sampleHit().detections[0], 101);
    const similar = many({ scanId: sampleHit().scanId, similarity: 0.5, relation: "shape" }, 11);
    const hit = cutHit(sampleHit({ detections, similar, truncated: ["images"] }));
    expect([hit.detections.length, hit.similar.length]).toEqual([100, 10]);
    expect([...hit.truncated].sort()).toEqual(["detections", "images", "similar"]);
    expect(hitSchema.safeParse(hit).success).toBe(true);
  });

  it.each(["x", "é", "😀", "\u0000", '"'])("fits any hit into an event, with texts of %j", (character) => {
    const hit = cutHit(huge(character));
    expect(hitSchema.safeParse(hit).error).toBeUndefined();
    expect(bytesOf(hit)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(MAX_HIT_DATA_BYTES).toBeLessThan(MAX_EVENT_BYTES);
    expect(hit.truncated).toEqual(expect.arrayContaining(["texts", "evidence", "detections", "findings"]));
  });

  it("lets evidence go on adding up", () => {
    const hit = cutHit(huge("x"));
    expect(hit.score.evidence.length).toBeLessThanOrEqual(LIST_LIMITS.evidence);
    expect(scoreFaults(hit.score)).toEqual([]);
  });

  it("never cuts an alarm in favour of a detection that is none", () => {
    const detection = sampleHit().detections[0];
    const quiet = many({ ...detection!, alarm: false, score: 0.9 }, 200);
    const alarm = { ...detection!, id: "last", alarm: true, score: 0.1 };
    const hit = cutHit(sampleHit({ detections: [...quiet, alarm] }));
    expect(hit.detections).toHaveLength(100);
    expect(hit.detections.at(-1)).toEqual(alarm);
  });

  it("cuts texts between characters", () => {
    expect(cutText("x".repeat(200))).toBe("x".repeat(200));
    expect(cutText("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
    expect(cutText(`${"x".repeat(198)}😀😀`).isWellFormed()).toBe(true);
  });
});
