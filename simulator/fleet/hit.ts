import { s10CheckDigit } from "../../protocols/identifiers/s10.ts";
import { scanIdAt } from "../../protocols/ids.ts";
import { HIT_SCHEMA, type Hit } from "../../protocols/mqtt/hit.ts";
import type { Random } from "../random.ts";
import { bytesOf } from "./journal.ts";

/** Share of items that alarm. */
const ALARM_SHARE = 0.03;
const PRIOR = 0.02;
const CLASSES = ["firearm", "blade", "narcotic", "battery", "liquid"] as const;
const MODEL = { name: "threat-detector", version: "1.0.0", sha256: "0".repeat(64), provider: "cpu" };

/** What a gateway says of one item, before it takes its place in the chain: of the contract's form and of usual size. */
export function fleetHit(
  random: Random,
  about: {
    readonly site: string;
    readonly gateway: string;
    readonly lane: string;
    readonly bootId: string;
    readonly now: number;
  },
): Omit<Hit, "journal" | "sequence" | "integrity"> {
  const { site, gateway, lane, bootId, now } = about;
  const alarm = random.chance(ALARM_SHARE);
  const image = alarm ? random.range(4, 6) : random.range(-1.2, 0.4);
  const declared = random.range(-0.6, 0.6);
  const logOdds = Math.log(PRIOR / (1 - PRIOR)) + image + declared;
  const probability = 1 / (1 + Math.exp(-logOdds));
  const band = probability >= 0.3 ? "high" : probability >= 0.05 ? "medium" : "low";
  const iso = (ms: number) => new Date(ms).toISOString();
  const serial = String(random.int(0, 99_999_999)).padStart(8, "0");
  const identifier = `RR${serial}${s10CheckDigit(serial)}NL`;
  const [width, height] = [random.int(500, 900), random.int(400, 640)];
  return {
    schema: HIT_SCHEMA,
    scanId: scanIdAt(now - 900, bytesOf(random, 10)),
    bootId,
    revision: 1,
    supersedes: null,
    cause: "initial",
    site,
    gateway,
    lane,
    capturedAt: iso(now - 500),
    receivedAt: iso(now - 400),
    decidedAt: iso(now),
    clock: { synchronised: true, offsetMs: null, source: "gateway" },
    scan: {
      kind: "dual-energy",
      views: [
        { view: 0, name: "top", width, height, pixelPitchMm: { x: 1, y: 1 }, energies: ["low", "high"] },
      ],
      acquisition: ["SUCCESSFUL"],
      purpose: "OPERATIONAL",
      origin: "SYNTHETIC",
      quality: 0.95,
    },
    identifiers: [{ scheme: "S10", value: identifier, checkOk: true, source: "barcode", confidence: 1 }],
    measured: {
      massKg: Math.round(random.range(0.2, 12) * 100) / 100,
      massStable: true,
      xrayMassKg: null,
      xrayMassReliable: null,
      radiation: { gamma: "normal", neutron: null, sigma: 0 },
    },
    detections: detections(random, alarm, width, height),
    contents: [{ group: "textiles", score: 0.8, share: 0.6 }],
    load: null,
    hsChapters: [{ chapter: "61", score: 0.5 }],
    declarations: [],
    score: {
      target: "any_irregularity",
      probability,
      logOdds,
      band,
      bands: { medium: 0.05, high: 0.3 },
      profile: null,
      prior: PRIOR,
      image: null,
      declared: null,
      evidence: [
        { source: "image", code: "THREAT_BLADE", logOdds: image, detail: "a simulated finding in the image" },
        {
          source: "declaration",
          code: "DECLARATION_RISK",
          logOdds: declared,
          detail: "a simulated declaration",
        },
      ],
      floor: [],
    },
    decision: band === "high" ? "ALARM" : "CLEAR",
    recommendation: band === "high" ? "PHYS_EXAM" : "RELEASE",
    reasons: [
      {
        code: "DECLARATION_RISK",
        weight: Math.abs(declared),
        text: "Simulated traffic for sizing: nothing was scanned",
      },
    ],
    selection: { mode: "risk", probability: 1 },
    images: (["low", "high"] as const).map((energy) => ({
      view: 0,
      energy,
      form: "raw16" as const,
      sha256: Buffer.from(bytesOf(random, 32)).toString("hex"),
      mediaType: "image/png",
      bytes: width * height * 2,
      keptUntil: null,
    })),
    tdr: null,
    similar: [],
    models: [{ ...MODEL, milliseconds: random.range(20, 60) }],
    truncated: [],
  };
}

function detections(random: Random, alarm: boolean, width: number, height: number): Hit["detections"] {
  const count = alarm ? random.int(1, 3) : random.int(0, 2);
  return Array.from({ length: count }, (_, at) => ({
    id: `d${at + 1}`,
    class: random.pick(CLASSES),
    score: alarm && at === 0 ? random.range(0.8, 0.99) : random.range(0.02, 0.3),
    threshold: 0.5,
    alarm: alarm && at === 0,
    model: `${MODEL.name}@${MODEL.version}`,
    boxes: [{ view: 0, x: random.int(0, width - 100), y: random.int(0, height - 80), width: 90, height: 70 }],
  }));
}
