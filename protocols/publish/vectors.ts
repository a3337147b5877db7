import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { canonicalJson } from "../canonical-json.ts";
import { GENESIS, keyIdOf, linkHash } from "../chain.ts";
import { alertId, EVENT_NAMESPACE, eventId, scanIdAt } from "../ids.ts";
import { encodeFrame, encodeLines, encodeMessage, FRAME_TYPES } from "../line-scan/index.ts";

/** Test vectors for everything that is hashed, signed or derived, so that others can check their own code. */

const JOURNAL = "3f2b8f0e-6c1d-4a57-9d0a-5b7e6c9d1a20";
const SCAN = "0195512c-7e3a-7b51-8c0d-0123456789ab";

const CANONICAL_SOURCES: readonly unknown[] = [
  { b: 1, a: 2, "\u20ac": "Euro", "\r": "CR", "1": "one", "\ud83d\ude00": "smiley", "\u0080": "control" },
  [333333333.3333333, 4.5, 2e-3, 1e-27, 0, 1e-7, 1e-6, 9007199254740991],
  { text: 'quote " backslash \\ newline \n bell \u0007 é €', flags: [true, false, null] },
  { nested: [{}, [], { z: { y: { x: [] } } }] },
  { kept: 1, absent: undefined },
];

/** Seed of the key that signs the vectors: RFC 8032 §7.1, test 1. Known to everybody, so good for nothing else. */
const TEST_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PKCS8_PREFIX = "302e020100300506032b657004220420";

function testKey() {
  const der = Buffer.from(PKCS8_PREFIX + TEST_SEED, "hex");
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { privateKey, publicKey: Uint8Array.from(spki.subarray(-32)) };
}

function chainVectors() {
  const { privateKey, publicKey } = testKey();
  const keyId = keyIdOf(publicKey);
  let previous = GENESIS;
  const rows = [
    {
      schema: "lynceus-hit/1.0",
      journal: JOURNAL,
      sequence: 1,
      scanId: SCAN,
      score: { probability: 0.01, logOdds: -4.59511985013459 },
    },
    {
      code: "DISK_LOW",
      journal: JOURNAL,
      sequence: 2,
      message: "Der Platz reicht für 2 Stunden",
      details: { freeBytes: 5e9 },
    },
    {
      schema: "lynceus-hit/1.0",
      journal: JOURNAL,
      sequence: 3,
      scanId: SCAN,
      score: { probability: 1e-6, logOdds: -13.8 },
    },
  ].map((data) => {
    const hash = linkHash(previous, data);
    const signature = sign(null, Buffer.from(hash, "hex"), privateKey).toString("base64url");
    const row = { data, canonical: canonicalJson(data), integrity: { previous, hash, signature, keyId } };
    previous = hash;
    return row;
  });
  return {
    note: "hash = hex SHA-256(previous as 64 hex ASCII, LF, canonical); signature = base64url Ed25519 over the 32 hash bytes",
    publicKey: Buffer.from(publicKey).toString("base64url"),
    seed: `${TEST_SEED} (RFC 8032 test 1: for tests only)`,
    rows,
  };
}

function idVectors() {
  const random = Uint8Array.from({ length: 10 }, (_, index) => 0xf0 + index);
  return {
    namespace: EVENT_NAMESPACE,
    note: "hit: UUIDv5 of hit:SCANID:REVISION; alert: UUIDv5 of alert:JOURNAL:SEQUENCE; both in the namespace, lower case",
    hits: [1, 2, 17].map((revision) => ({ scanId: SCAN, revision, id: eventId(SCAN, revision) })),
    alerts: [1, 4096].map((sequence) => ({ journal: JOURNAL, sequence, id: alertId(JOURNAL, sequence) })),
    scans: [0, 1_772_352_729_250].map((msSinceEpoch) => ({
      msSinceEpoch,
      random: Buffer.from(random).toString("hex"),
      id: scanIdAt(msSinceEpoch, random),
    })),
  };
}

function lineScanVectors() {
  const lines = encodeLines({
    scan: 1,
    view: 0,
    energy: 1,
    lineCount: 2,
    firstLine: 7,
    encoder: 1000,
    timestampNs: 123456789n,
    detectorPixels: 2,
    samples: Uint16Array.of(60000, 30000, 1, 65535),
  });
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return {
    frames: [
      {
        note: "LINES, sequence 2, scan 1, view 0, high, 2 lines from 7, encoder 1000, t 123456789, 2 pixels, samples 60000 30000 1 65535",
        hex: hex(encodeFrame({ type: FRAME_TYPES.LINES, sequence: 2, payload: lines })),
      },
      { note: 'FLOW {"credit":8}, sequence 3', hex: hex(encodeMessage("FLOW", { credit: 8 }, 3)) },
    ],
  };
}

/** Every vector file, by its path below `generated/`. */
export function vectorFiles(): ReadonlyMap<string, unknown> {
  const canonical = CANONICAL_SOURCES.map((source) => ({ source, canonical: canonicalJson(source) }));
  return new Map<string, unknown>([
    ["vectors/canonical-json.json", { note: "RFC 8785", vectors: canonical }],
    ["vectors/chain.json", chainVectors()],
    ["vectors/ids.json", idVectors()],
    ["vectors/line-scan.json", lineScanVectors()],
  ]);
}
