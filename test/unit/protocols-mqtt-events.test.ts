import { describe, expect, it } from "vitest";
import {
  type Alert,
  EVENT_NAMES,
  type EventInput,
  encodeEvent,
  eventId,
  type Hit,
  MAX_DECLARATION_BYTES,
  MAX_EVENT_BYTES,
  parseAlert,
  parseHit,
  readEventData,
  receiptSchema,
  scoreFaults,
  unwrap,
  wrap,
} from "../../protocols/index.ts";
import { Dice, fuzzRounds, mutate, mutateJson } from "../fixtures/mutate.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";

function hitEvent(over: Partial<EventInput<Hit>> = {}) {
  const data = sampleHit();
  return {
    name: "hit" as const,
    id: eventId(data.scanId, data.revision),
    source: "/NLRTM-EX/gw-01/lane-1",
    subject: data.scanId,
    time: "2026-03-01T08:12:09.900Z",
    data,
    ...over,
  };
}

function json(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

const ALERT: Alert = {
  code: "DISK_LOW",
  severity: "warning",
  message: "The disk is nearly full",
  remedy: "Free space",
  details: { freeBytes: 1 },
  journal: "3f2b8f0e-6c1d-4a57-9d0a-5b7e6c9d1a20",
  sequence: 2,
  integrity: sampleHit().integrity,
};

describe("an event", () => {
  it("is a CloudEvents 1.0 structured event of the contract", () => {
    const { data, ...envelope } = json(wrap(hitEvent()));
    expect(envelope).toEqual({
      specversion: "1.0",
      id: hitEvent().id,
      source: "/NLRTM-EX/gw-01/lane-1",
      type: "org.lynceus.hit.v1",
      subject: sampleHit().scanId,
      time: "2026-03-01T08:12:09.900Z",
      datacontenttype: "application/json",
      dataschema: "urn:lynceus:schema:hit:1.0",
    });
    expect(data).toEqual(sampleHit());
    expect(unwrap(wrap(hitEvent()))).toMatchObject({ name: "hit", id: hitEvent().id, data: sampleHit() });
  });

  it("keeps its bytes when it is sent again, but for `resent`", () => {
    const first = new TextDecoder().decode(wrap(hitEvent()));
    const again = new TextDecoder().decode(wrap(hitEvent({ resent: true })));
    expect(again).not.toBe(first);
    expect(again.replace('"resent":true,', "")).toBe(first);
  });

  it("is refused by the sender where data or envelope are not as the contract says", () => {
    const extra = { ...sampleHit(), extra: 1 } as Hit;
    const invalid = expect.objectContaining({ code: "LYN_PAYLOAD_INVALID" });
    expect(() => wrap(hitEvent({ data: extra }))).toThrow(invalid);
    expect(() => wrap(hitEvent({ data: sampleHit({ revision: 0 }) }))).toThrow(invalid);
    const late = hitEvent({ time: "2026-03-01T08:12:09Z" });
    expect(() => wrap(late)).toThrow(expect.objectContaining({ code: "LYN_ENVELOPE_INVALID" }));
  });

  it("is at most 64 KiB, a declaration's 256 KiB, both ways", () => {
    const tooLarge = expect.objectContaining({ code: "LYN_MESSAGE_TOO_LARGE" });
    const event = { id: "1", source: "/central", time: "2026-03-01T08:12:09.900Z" };
    const large = "x".repeat(MAX_EVENT_BYTES);
    expect(() => encodeEvent({ ...event, name: "hit", data: large })).toThrow(tooLarge);
    const declaration = encodeEvent({ ...event, name: "declaration", data: large });
    expect(unwrap(declaration)?.data).toBe(large);
    expect(() =>
      encodeEvent({ ...event, name: "declaration", data: "x".repeat(MAX_DECLARATION_BYTES) }),
    ).toThrow(tooLarge);
    const posing = bytes({ ...json(declaration), type: "org.lynceus.hit.v1" });
    expect(() => unwrap(posing)).toThrow(tooLarge);
    expect(() => unwrap(new Uint8Array(MAX_DECLARATION_BYTES + 1))).toThrow(tooLarge);
  });

  it("is read when its time has no milliseconds or another offset", () => {
    const message = bytes({ ...json(wrap(hitEvent())), time: "2026-03-01T09:12:09+01:00" });
    expect(unwrap(message)?.time).toBe("2026-03-01T09:12:09+01:00");
  });

  it("of zero length means cleared", () => {
    expect(unwrap(new Uint8Array(0))).toBeNull();
  });

  it.each<[string, Uint8Array]>([
    ["no UTF-8", Uint8Array.of(0xff)],
    ["no JSON", bytes("{")],
    ["no object", bytes("[]")],
    ["another version", bytes({ ...json(wrap(hitEvent())), specversion: "0.3" })],
    ["an unknown type", bytes({ ...json(wrap(hitEvent())), type: "org.lynceus.gossip.v1" })],
    ["version 2 of a type", bytes({ ...json(wrap(hitEvent())), type: "org.lynceus.hit.v2" })],
    ["nests without end", bytes(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)],
  ])("is refused where it is or holds %s", (_, message) => {
    expect(() => unwrap(message)).toThrow(expect.objectContaining({ code: "LYN_ENVELOPE_INVALID" }));
  });

  it("may hold brackets in its texts", () => {
    const remedy = `${"[{".repeat(60)}\\"`;
    const alert = wrap({
      name: "alert",
      id: "1",
      source: "/s",
      time: "2026-03-01T08:12:09.900Z",
      data: { ...ALERT, remedy },
    });
    expect(parseAlert(unwrap(alert)?.data).remedy).toBe(remedy);
  });
});

describe("parseHit", () => {
  it("reads what wrap sends", () => {
    expect(parseHit(unwrap(wrap(hitEvent()))?.data)).toEqual(sampleHit());
    expect(parseAlert(ALERT)).toEqual(ALERT);
  });

  it("reads a hit of a later minor version", () => {
    const hit = sampleHit();
    const later = {
      ...hit,
      schema: "lynceus-hit/1.7",
      novelty: { a: 1 },
      recommendation: "ASK_THE_CAT",
      reasons: [{ code: "CAT_SAYS_SO", weight: 1, text: "the cat says so", mood: "sure" }],
      scan: { ...hit.scan, kind: "neutron", acquisition: ["UPSIDE_DOWN"] },
      detections: Array.from({ length: 120 }, () => hit.detections[0]),
    };
    const read = parseHit(later);
    expect(read.recommendation).toBe("NO_DECISION");
    expect(read.decision).toBe("ALARM");
    expect(read.reasons).toEqual([{ code: "CAT_SAYS_SO", weight: 1, text: "the cat says so" }]);
    expect(read.scan.kind).toBe("neutron");
    expect(read.detections).toHaveLength(120);
    expect(read).not.toHaveProperty("novelty");
    expect(parseHit({ ...hit, decision: "PERHAPS" }).decision).toBe("UNKNOWN");
  });

  it("refuses another major version and what is no hit", () => {
    const invalid = expect.objectContaining({ code: "LYN_PAYLOAD_INVALID" });
    expect(() => parseHit({ ...sampleHit(), schema: "lynceus-hit/2.0" })).toThrow(invalid);
    expect(() => parseHit({ ...sampleHit(), scanId: "7" })).toThrow(invalid);
    for (const nothing of [null, 1, "hit", [], {}]) expect(() => parseHit(nothing)).toThrow(invalid);
  });

  it("never quotes what it refuses", () => {
    try {
      parseHit({ ...sampleHit(), lane: "Jane Doe" });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toContain("/lane");
      expect(String(error)).not.toContain("Jane");
    }
  });

  it("answers 10^4 mutated events with a hit or a typed error", () => {
    const dice = new Dice(31);
    const good = wrap(hitEvent());
    for (let round = 0; round < fuzzRounds(10_000, 0.01); round += 1) {
      try {
        const half = dice.below(2) === 0;
        const event = half ? unwrap(mutate(good, dice)) : { data: mutateJson(sampleHit(), dice) };
        parseHit(event?.data);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^LYN_/) });
      }
    }
  });
});

describe("readEventData", () => {
  it("ignores members it does not know and takes later words and minor versions", () => {
    const status = {
      state: "napping",
      bootId: ALERT.journal,
      since: "2026-03-01T08:12:09Z",
      versions: {},
      mood: 1,
    };
    expect(readEventData("status", status)).toMatchObject({ state: "napping" });
    const outcome = {
      schema: "lynceus-outcome/1.3",
      outcomeId: ALERT.journal,
      scanId: ALERT.journal,
      revision: 1,
      result: "confirmed",
      examination: "full",
      classes: ["catnip"],
      goodsGroups: [],
      officerAction: null,
      at: "2026-03-01T08:12:09Z",
    };
    expect(readEventData("outcome", outcome).classes).toEqual(["catnip"]);
    expect(() => readEventData("outcome", { ...outcome, schema: "lynceus-outcome/2.0" })).toThrow("/schema");
    expect(() => readEventData("central", { online: true })).toThrow("central");
  });

  it("has a schema for every name of the contract", () => {
    expect([...EVENT_NAMES].sort()).toEqual(
      (
        "hit status info health state alert statistics declaration declaration-request profile outcome central receipt " +
        "command response"
      )
        .split(" ")
        .sort(),
    );
  });
});

describe("a receipt", () => {
  it("names ids, at most 1000, or a sequence", () => {
    const journal = ALERT.journal;
    expect(receiptSchema.safeParse({ journal }).success).toBe(false);
    expect(receiptSchema.safeParse({ journal, upToSequence: 3 }).success).toBe(true);
    const ids = Array.from({ length: 1001 }, () => journal);
    expect(receiptSchema.safeParse({ journal, ids }).success).toBe(false);
    expect(receiptSchema.safeParse({ journal, ids: ids.slice(1) }).success).toBe(true);
  });
});

describe("scoreFaults", () => {
  it("finds nothing wrong with a score that adds up, and names what does not", () => {
    const { score } = sampleHit();
    expect(scoreFaults(score)).toEqual([]);
    expect(scoreFaults({ ...score, prior: 0.02 })).toHaveLength(1);
    expect(scoreFaults({ ...score, probability: 0.4 })).toHaveLength(1);
    expect(scoreFaults({ ...score, band: "low" })).toHaveLength(1);
    const floor = [{ class: "firearm" as const, score: 0.9, threshold: 0.8 }];
    const low = { ...score, bands: { medium: 0.6, high: 0.7 }, band: "high", floor };
    expect(scoreFaults(low)).toEqual([]);
    expect(scoreFaults({ ...low, floor: [] })).toHaveLength(1);
  });
});
