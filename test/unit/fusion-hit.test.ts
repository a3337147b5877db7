import { describe, expect, it } from "vitest";
import { hitData } from "../../device/fusion/hit.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { hitSchema } from "../../protocols/mqtt/hit.ts";
import { MAX_EVENT_BYTES } from "../../protocols/mqtt/limits.ts";
import { THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import {
  analysisOf,
  declarationOf,
  detection,
  ITEM_NUMBER,
  identifier,
  inputOf,
  scanOf,
  sealed,
  stored,
  weighed,
} from "../fixtures/fusion.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).byteLength;

describe("the hit of a scan", () => {
  it("tells of scan, clock, images and models what the contract asks", () => {
    const hit = hitSchema.parse(sealed(hitData(inputOf({ imagesKeptUntil: Date.UTC(2026, 3, 1) }))));
    expect(hit).toMatchObject({
      schema: "lynceus-hit/1.0",
      revision: 1,
      supersedes: null,
      cause: "initial",
      site: "NLRTM-EX",
      lane: "lane-1",
      capturedAt: "2026-03-05T12:00:00.000Z",
      receivedAt: "2026-03-05T12:00:00.040Z",
      decidedAt: "2026-03-05T12:00:00.300Z",
      clock: { synchronised: true, offsetMs: 0.4, source: "gateway" },
      scan: { kind: "dual-energy", quality: 1, origin: "MACHINE", views: [{ energies: ["low", "high"] }] },
      images: [
        { energy: "low", form: "raw16", keptUntil: "2026-04-01T00:00:00.000Z" },
        { energy: null, form: "rendered" },
      ],
      truncated: [],
    });
  });

  it("says that an unknown clock is not synchronised", () => {
    const clock = { synchronised: null, offsetMs: null, source: "gateway" } as const;
    expect(hitData(inputOf({ clock })).clock).toEqual({
      synchronised: false,
      offsetMs: null,
      source: "gateway",
    });
  });

  it("lists objects from reportFrom up, best first, with who reaches the threshold", () => {
    const detections = [
      detection("blade", 0.3),
      detection("firearm", 0.7),
      detection("liquid", 0.01),
      detection("battery", 0.6),
    ];
    const settings = fusionSettings({ thresholds: { battery: 0.65 } });
    const shown = hitData(inputOf({ settings, analysis: analysisOf({ detections }) })).detections;
    expect(shown.map(({ id, class: name, threshold, alarm }) => [id, name, threshold, alarm])).toEqual([
      ["d1", "firearm", 0.5, true],
      ["d2", "battery", 0.65, false],
      ["d3", "blade", 0.5, false],
    ]);
  });

  it("suggests HS chapters from what is seen and declared together", () => {
    const contents = [
      { group: "textiles", score: 0.9, share: null },
      { group: "machinery", score: 0.3, share: null },
    ];
    const alone = hitData(inputOf({ analysis: analysisOf({ contents }) })).hsChapters;
    // 14 chapters of textiles share 0.9: the image suggests none of them.
    expect(alone).toEqual([{ chapter: "84", score: 0.3 }]);
    const declared = hitData(inputOf({ analysis: analysisOf({ contents }), matches: [stored()] })).hsChapters;
    expect(declared[0]).toEqual({ chapter: "63", score: expect.closeTo(0.72, 12) });
    expect(hitData(inputOf({ matches: [stored()] })).hsChapters).toEqual([{ chapter: "63", score: 0.5 }]);
  });

  it("leaves out what the contract cannot hold: raw label text, negative masses, boxes outside, unknown groups", () => {
    const odd = detection("firearm", 0.9, {
      boxes: [
        { view: 0, x: -1, y: 0, width: 5, height: 5 },
        { view: 0, x: 1, y: 1, width: 5, height: 5 },
      ],
    });
    const identifiers = [
      identifier("S10", "RR 473124829 GB"),
      identifier("LABEL", "JANE DOE"),
      identifier("PARCEL_OTHER", "JANE_DOE"),
    ];
    const input = inputOf({
      scan: weighed(-0.2, scanOf({ identifiers, acquisition: ["SUCCESSFUL", "SUCCESSFUL"] })),
      analysis: analysisOf({
        detections: [odd],
        contents: [{ group: "unicorns", score: 1, share: 1 }],
        quality: Number.NaN,
      }),
    });
    const hit = hitSchema.parse(sealed(hitData(input)));
    expect(hit.identifiers.map((one) => one.value)).toEqual([ITEM_NUMBER]);
    expect(hit.measured).toMatchObject({ massKg: null, massStable: null });
    expect(hit.detections[0]?.boxes).toEqual([{ view: 0, x: 1, y: 1, width: 5, height: 5 }]);
    expect([hit.contents, hit.scan.quality]).toEqual([[], 0]);
  });

  it("cuts every list to the contract's length and names what it cut", () => {
    const detections = Array.from({ length: 150 }, (_, at) =>
      detection(THREAT_CLASSES[at % 13] ?? "blade", 0.99 - at / 200),
    );
    const matches = Array.from({ length: 25 }, (_, at) =>
      stored(declarationOf({ aedId: `018f2b7e-6a3c-7c1e-9b52-0000000000${at + 10}` })),
    );
    const hit = hitSchema.parse(sealed(hitData(inputOf({ analysis: analysisOf({ detections }), matches }))));
    expect([hit.detections.length, hit.declarations.length]).toEqual([100, 20]);
    expect(hit.truncated.toSorted()).toEqual(["declarations", "detections"]);
  });

  it("fits one event however much there is to say, and keeps what decides", () => {
    const findings = Array.from({ length: 100 }, (_, at) => ({
      metric: "K1",
      pointer: `/items/${at}/${"x".repeat(150)}`,
      message: "é".repeat(200),
    }));
    const matches = Array.from({ length: 25 }, (_, at) =>
      stored(declarationOf({ aedId: `018f2b7e-6a3c-7c1e-9b52-0000000000${at + 10}` }), { findings }),
    );
    const boxes = Array.from({ length: 8 }, (_, view) => ({
      view,
      x: 1 / 3,
      y: 1 / 7,
      width: 100 / 3,
      height: 100 / 7,
    }));
    const detections = Array.from({ length: 150 }, (_, at) =>
      detection(THREAT_CLASSES[at % 13] ?? "blade", 0.99 - at / 200, { boxes }),
    );
    const data = hitData(
      inputOf({
        analysis: analysisOf({ detections }),
        matches,
        settings: fusionSettings({ floor: { firearm: 0.5 } }),
      }),
    );
    expect(bytes(sealed(data))).toBeLessThanOrEqual(MAX_EVENT_BYTES - 1024);
    const hit = hitSchema.parse(sealed(data));
    expect(hit.truncated).toEqual(expect.arrayContaining(["declarations", "detections", "findings"]));
    expect([hit.decision, hit.score.floor[0]?.class]).toEqual(["ALARM", "firearm"]);
    expect(hit.detections.length).toBeGreaterThanOrEqual(10);
  });
});
