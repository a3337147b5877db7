import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { InboundGate } from "../../device/inbound/gate.ts";
import { ReplayGuard } from "../../device/inbound/replay-guard.ts";
import { SequenceWindow, WINDOW } from "../../device/inbound/sequence-window.ts";
import { readTrustedKeys } from "../../device/trusted-keys.ts";
import { signJws } from "../../protocols/jws.ts";
import { encodeEvent, unwrap } from "../../protocols/mqtt/envelope.ts";
import { type SignedClaims, type SignedMessage, signMessage } from "../../protocols/mqtt/signed.ts";
import { MessageSigner } from "../../simulator/customs/message-signer.ts";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const DATA = { aedId: "a", revision: 1 };
const folder = mkdtempSync(join(tmpdir(), "lynceus-inbound-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const central = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");

function eventOf(name: SignedMessage, data: unknown): Uint8Array {
  return encodeEvent({
    name,
    id: crypto.randomUUID(),
    source: "/central",
    time: new Date(NOW).toISOString(),
    data,
  });
}

let sequence = 0;
function signed(
  name: SignedMessage,
  { key = central.privateKey, ...changed }: Partial<SignedClaims> & { key?: KeyObject } = {},
): Uint8Array {
  sequence += 1;
  const claims: Omit<SignedClaims, "schema"> = {
    message: name,
    aud: name === "receipt" ? "NLRTM-EX/gw-01" : "NLRTM-EX",
    sequence,
    issuedAt: new Date(NOW - 1000).toISOString(),
    notAfter: new Date(NOW + 3_600_000).toISOString(),
    data: DATA,
    ...changed,
  };
  return eventOf(name, signMessage(claims, key));
}

function gateOf({
  require = [] as SignedMessage[],
  may = null as SignedMessage[] | null,
  at = "spool",
  clock = () => NOW,
} = {}) {
  const alerts: Alert[] = [];
  const pem = central.publicKey.export({ type: "spki", format: "pem" }).toString();
  const gate = new InboundGate({
    site: "NLRTM-EX",
    gateway: "gw-01",
    require,
    keys: (use) => readTrustedKeys([may === null ? "env:KEY" : { key: "env:KEY", may }], { KEY: pem }, use),
    guard: new ReplayGuard({ folder: join(folder, at) }),
    alerts: { raise: async (alert) => void alerts.push(alert) },
    clock,
  });
  const why = () => alerts.map(({ code, details }) => `${code} ${details?.["message"]} ${details?.["why"]}`);
  return { gate, why };
}

async function takes(
  gate: InboundGate,
  name: string,
  bytes: Uint8Array,
  duplicate = false,
): Promise<boolean> {
  const admitted = await gate.admit(name, bytes, duplicate);
  await admitted?.done();
  return admitted !== null;
}

describe("messages from central", () => {
  it("are handed on as the plain ones when a trusted key signed them, and plain ones pass unless they must be signed", async () => {
    const { gate, why } = gateOf({ at: "plain" });
    for (const name of ["declaration", "outcome", "receipt"] as const) {
      const admitted = await gate.admit(name, signed(name), false);
      expect(unwrap(admitted?.bytes ?? new Uint8Array())).toMatchObject({ name, data: DATA });
      expect(await takes(gate, name, eventOf(name, DATA))).toBe(true);
    }
    expect(await takes(gate, "profile", new TextEncoder().encode("anything"))).toBe(true);
    expect(why()).toEqual([]);
  });

  it("are refused unsigned where trust.require names their kind, unreadable ones too", async () => {
    const { gate, why } = gateOf({ require: ["declaration"] });
    expect(await takes(gate, "declaration", eventOf("declaration", DATA))).toBe(false);
    expect(await takes(gate, "declaration", new TextEncoder().encode("[".repeat(10_000)))).toBe(false);
    expect(await takes(gate, "outcome", eventOf("outcome", DATA))).toBe(true);
    expect(why()).toEqual(Array(2).fill("INBOUND_REFUSED declaration unsigned"));
    expect(gate.refused.get("declaration unsigned")).toBe(2);
  });

  it("are refused forged: by a stranger, changed, of another algorithm, or by a key that may not sign them", async () => {
    const { gate, why } = gateOf();
    expect(await takes(gate, "declaration", signed("declaration", { key: stranger.privateKey }))).toBe(false);
    const token = String(unwrap(signed("outcome"))?.data);
    const [head = "", body = "", mark = ""] = token.split(".");
    const other = Buffer.from(
      Buffer.from(body, "base64url").toString().replace('"revision":1', '"revision":2'),
    ).toString("base64url");
    expect(await takes(gate, "outcome", eventOf("outcome", `${head}.${other}.${mark}`))).toBe(false);
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    expect(await takes(gate, "outcome", eventOf("outcome", `${none}.${body}.${mark}`))).toBe(false);
    expect(await takes(gate, "outcome", eventOf("outcome", "no token"))).toBe(false);
    expect(why()).toEqual(
      ["declaration", ...Array(3).fill("outcome")].map((m) => `INBOUND_REFUSED ${m} forged`),
    );
    const { gate: limited, why: whyLimited } = gateOf({ may: ["outcome"], at: "limited" });
    expect(await takes(limited, "outcome", signed("outcome"))).toBe(true);
    expect(await takes(limited, "declaration", signed("declaration"))).toBe(false);
    expect(whyLimited()).toEqual(["INBOUND_REFUSED declaration forged"]);
  });

  it("are refused for another site, gateway or use", async () => {
    const { gate, why } = gateOf();
    expect(await takes(gate, "declaration", signed("declaration", { aud: "DEHAM" }))).toBe(false);
    expect(
      await takes(gate, "declaration", signed("declaration", { aud: ["DEHAM", "NLRTM-EX/gw-02"] })),
    ).toBe(false);
    expect(await takes(gate, "receipt", signed("receipt", { aud: "NLRTM-EX" }))).toBe(false);
    expect(await takes(gate, "outcome", signed("outcome", { message: "declaration" }))).toBe(false);
    expect(why().every((line) => line.endsWith("foreign"))).toBe(true);
    expect(
      await takes(gate, "declaration", signed("declaration", { aud: ["DEHAM", "NLRTM-EX/gw-01"] })),
    ).toBe(true);
    // A profile or command of central is signed too, for something else.
    const command = signJws(
      JSON.stringify({ aud: "NLRTM-EX/gw-01", name: "pause", args: {} }),
      central.privateKey,
    );
    expect(await takes(gate, "outcome", eventOf("outcome", command))).toBe(false);
    expect(why().at(-1)).toBe("INBOUND_REFUSED outcome form");
  });

  it("are refused stale, of a time to come, or good for ever", async () => {
    const { gate, why } = gateOf();
    const at = (ms: number) => new Date(NOW + ms).toISOString();
    expect(await takes(gate, "declaration", signed("declaration", { notAfter: at(-1) }))).toBe(false);
    expect(await takes(gate, "declaration", signed("declaration", { issuedAt: at(600_000) }))).toBe(false);
    expect(await takes(gate, "declaration", signed("declaration", { notAfter: at(9 * 86_400_000) }))).toBe(
      false,
    );
    expect(why()).toEqual(Array(3).fill("INBOUND_REFUSED declaration stale"));
  });

  it("P-53 are refused replayed, also after a restart; what the broker sends again for want of an answer is not", async () => {
    const { gate, why } = gateOf({ at: "replay" });
    const message = signed("declaration");
    expect(await takes(gate, "declaration", message)).toBe(true);
    expect(await takes(gate, "declaration", message, true)).toBe(false);
    expect(why()).toEqual([]);
    expect(await takes(gate, "declaration", message)).toBe(false);
    expect(why()).toEqual(["INBOUND_REFUSED declaration replayed"]);
    const { gate: restarted, why: whyThen } = gateOf({ at: "replay" });
    expect(await takes(restarted, "declaration", message)).toBe(false);
    expect(whyThen()).toEqual(["INBOUND_REFUSED declaration replayed"]);
    expect(await takes(restarted, "declaration", signed("declaration"))).toBe(true);
  });

  it("that could not be stored are taken when they come again; a damaged memory lets nothing in", async () => {
    const { gate } = gateOf({ at: "crash" });
    const message = signed("outcome");
    expect(await gate.admit("outcome", message, false)).not.toBeNull();
    expect(await takes(gate, "outcome", message, true)).toBe(true);
    const guard = new ReplayGuard({ folder });
    writeFileSync(join(folder, "k-outcome.window"), "damaged");
    await expect(guard.state("k", "outcome", 1)).rejects.toThrow(/damaged/);
  });
});

it("what the simulated central signs is taken, each message once and a restart of it later, too", async () => {
  const { gate, why } = gateOf({ require: ["declaration", "receipt"], at: "simulated", clock: Date.now });
  for (let restart = 0; restart < 2; restart += 1) {
    const signer = new MessageSigner({ key: central.privateKey });
    for (let count = 0; count < 3; count += 1) {
      const declared = eventOf("declaration", signer.dataOf("declaration", DATA, "NLRTM-EX"));
      expect(await takes(gate, "declaration", declared)).toBe(true);
      expect(
        await takes(gate, "receipt", eventOf("receipt", signer.dataOf("receipt", {}, "NLRTM-EX/gw-01"))),
      ).toBe(true);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(why()).toEqual([]);
  expect(new MessageSigner({ key: null }).dataOf("outcome", DATA, "NLRTM-EX")).toBe(DATA);
});

it("a sequence window tells each number once, in any order, and keeps its size", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 * WINDOW }), { maxLength: 60 }), (numbers) => {
      let window = new SequenceWindow();
      const seen = new Set<number>();
      let highest = 0;
      for (const number of numbers) {
        const expected = number <= highest - WINDOW ? "old" : seen.has(number) ? "seen" : "new";
        expect(window.state(number)).toBe(expected);
        if (expected !== "new") continue;
        window.mark(number);
        seen.add(number);
        highest = Math.max(highest, number);
        window = SequenceWindow.of(window.toBytes()) ?? new SequenceWindow();
      }
    }),
    { seed: 8, numRuns: 50 },
  );
  expect(new SequenceWindow().toBytes().length).toBe(8 + WINDOW / 8);
  expect(SequenceWindow.of(new Uint8Array(3))).toBeNull();
});
