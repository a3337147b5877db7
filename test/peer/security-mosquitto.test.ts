import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { createAuthority, type PairFiles } from "../fixtures/certificates.ts";
import { until } from "../fixtures/processes.ts";
import { isTakenBy, type SecuredBroker, startSecuredBroker } from "../fixtures/secured-broker.ts";
import { createTestUplink, openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 60_000;
const OWN = "nii/v1/NLRTM-EX/gw-01";
const FOREIGN = "nii/v1/NLRTM-EX/gw-02";

function event(name: "command" | "declaration" | "receipt", data: unknown): Buffer {
  return Buffer.from(
    encodeEvent({ name, id: crypto.randomUUID(), source: "/central", time: new Date().toISOString(), data }),
  );
}

/** What a publish is answered with: 0, or the reason code of MQTT 5. */
async function codeOf(publish: Promise<unknown>): Promise<number> {
  return publish.then(
    () => 0,
    (error: { code?: number }) => error.code ?? -1,
  );
}

describe("Mosquitto with the configuration and access list that are shipped", () => {
  const folder = temporaryFolder();
  let secured: SecuredBroker;
  let hit: PairFiles;
  let bulk: PairFiles;
  let inward: PairFiles;

  beforeAll(async () => {
    secured = await startSecuredBroker(folder.path, ["NLRTM-EX/gw-01", "NLRTM-EX/gw-02", "DEHAM/gw-01"]);
    [hit, bulk, inward] = (await Promise.all(
      ["hit", "bulk", "in"].map((role) => secured.role("gw-01", role)),
    )) as [PairFiles, PairFiles, PairFiles];
  }, 120_000);
  afterAll(async () => {
    await secured[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it("serves a gateway whose roles have certificates of their own", async () => {
    const central = await secured.client(await secured.authority.pair("central"));
    const seen: string[] = [];
    central.on("message", (topic) => seen.push(topic));
    await central.subscribeAsync(["nii/v1/+/+/status", "nii/v1/+/+/+/hit", "nii/v1/+/+/command/+/response"], {
      qos: 1,
    });
    const spool = await openTestSpool(join(folder.path, "spool"));
    const declared: Uint8Array[] = [];
    const commands: string[] = [];
    const { uplink, alerts } = createTestUplink(spool, secured.url, {
      credentials: async (role) => {
        const pair = { hit, bulk, in: inward }[role];
        return {
          ca: readFileSync(secured.authority.ca),
          cert: readFileSync(pair.cert),
          key: readFileSync(pair.key),
        };
      },
      handlers: {
        declaration: async (bytes) => void declared.push(bytes),
        outcome: async () => undefined,
        profile: async () => undefined,
      },
      onCommand: async (name) => void commands.push(name),
    });
    await storeHit(spool, 1);
    await uplink.start();
    await until("the hit at central", WAIT_MS, () => seen.includes(`${OWN}/lane-1/hit`));
    await until("all roles", WAIT_MS, () =>
      Object.values(uplink.state).every(({ state }) => state === "online"),
    );
    await central.publishAsync("nii/v1/NLRTM-EX/declaration", event("declaration", {}), { qos: 1 });
    await central.publishAsync(`${OWN}/command/health`, event("command", {}), { qos: 1 });
    await until("what central sends down", WAIT_MS, () => declared.length === 1 && commands.length === 1);
    await uplink.respond({ name: "health" }, { id: "1", ok: true }, AbortSignal.timeout(WAIT_MS));
    await until("the answer", WAIT_MS, () => seen.includes(`${OWN}/command/health/response`));
    expect(seen).toContain(`${OWN}/status`);
    expect(alerts).toEqual([]);
    await uplink.stop();
    await spool.stop();
  });

  it("refuses a gateway the topics of another, of another role and of central, with 0x87", async () => {
    // MQTT.js ends a connection on which a publish was refused: each try has its own.
    const codeFor = async (topic: string) => {
      const client = await secured.client(hit);
      const code = await codeOf(client.publishAsync(topic, "x", { qos: 1 }));
      client.end(true);
      return code;
    };
    expect(await codeFor(`${OWN}/lane-1/hit`)).toBeLessThan(0x80);
    for (const topic of [
      `${FOREIGN}/lane-1/hit`,
      `${FOREIGN}/status`,
      `${OWN}/lane-1/image`,
      `${OWN}/receipt`,
      `${OWN}/command/pause`,
      "nii/v1/NLRTM-EX/declaration",
      "nii/v1/central",
      "elsewhere",
    ])
      expect(await codeFor(topic), topic).toBe(0x87);
  });

  it("delivers nothing foreign to who subscribes to everything", async () => {
    const thief = await secured.client(await secured.role("gw-02", "in"));
    const stolen: string[] = [];
    thief.on("message", (topic) => stolen.push(topic));
    await thief.subscribeAsync(["#", "nii/v1/+/+/+/hit", "nii/v1/+/+/receipt", "nii/v1/+/+/command/+"], {
      qos: 1,
    });
    const central = await secured.client(await secured.authority.pair("central"));
    const own = await secured.client(hit);
    await own.publishAsync(`${OWN}/lane-1/hit`, "secret", { qos: 1 });
    await central.publishAsync(`${OWN}/receipt`, event("receipt", {}), { qos: 1 });
    await central.publishAsync(`${OWN}/command/image`, event("command", {}), { qos: 1 });
    await central.publishAsync("nii/v1/DEHAM/declaration", event("declaration", {}), { qos: 1 });
    await central.publishAsync("nii/v1/NLRTM-EX/declaration", event("declaration", {}), { qos: 1 });
    // Its own site's declaration comes last, in order: what was to be stolen would have come before.
    await until("what it may read", WAIT_MS, () => stolen.length > 0);
    expect(stolen).toEqual(["nii/v1/NLRTM-EX/declaration"]);
    for (const client of [thief, central, own]) await client.endAsync();
  });

  it("lets nobody take over a gateway's session by its client id", async () => {
    const clientId = "lynceus-NLRTM-EX-gw-01-hit";
    const victim = await secured.client(hit, { clientId, clean: false });
    let ended = false;
    victim.once("close", () => {
      ended = true;
    });
    const other = await secured.role("gw-02", "hit");
    const attacker = await secured.client(other, { clientId, clean: false });
    expect(await codeOf(attacker.publishAsync(`${FOREIGN}/lane-1/hit`, "x", { qos: 1 }))).toBeLessThan(0x80);
    expect(await codeOf(victim.publishAsync(`${OWN}/lane-1/hit`, "x", { qos: 1 }))).toBeLessThan(0x80);
    expect(ended).toBe(false);
    await attacker.endAsync();
    await victim.endAsync();
  });

  it("takes nobody without a certificate, by another authority's, an expired one, TLS 1.2 or no TLS", async () => {
    const { port } = secured.broker;
    const { ca } = secured.authority;
    expect(await isTakenBy(port, { ca, pair: hit })).toBe(true);
    expect(await isTakenBy(port, { ca, pair: null })).toBe(false);
    const stranger = await createAuthority(folder.path, "stranger");
    expect(await isTakenBy(port, { ca, pair: await stranger.pair("NLRTM-EX.gw-01.hit") })).toBe(false);
    const expired = await secured.authority.pair("NLRTM-EX.gw-01.hit", { fromDays: -20, toDays: -1 });
    expect(await isTakenBy(port, { ca, pair: expired })).toBe(false);
    expect(await isTakenBy(port, { ca, pair: hit, tls: "TLSv1.2" })).toBe(false);
    const plain = connectAsync(
      `mqtt://127.0.0.1:${port}`,
      { reconnectPeriod: 0, connectTimeout: 5_000 },
      false,
    );
    await expect(plain).rejects.toThrow();
  });

  it("ends the connection of who sends more than its limit, and serves the others", async () => {
    const other = await secured.client(hit);
    const client = await secured.client(bulk);
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.publish(`${OWN}/lane-1/image`, Buffer.alloc(2_000_000), { qos: 1 });
    await closed;
    expect(await codeOf(other.publishAsync(`${OWN}/lane-1/hit`, "x", { qos: 1 }))).toBeLessThan(0x80);
    await other.endAsync();
  });

  it("takes a revoked certificate no more, and an open session of it does nothing more: without a restart", async () => {
    const { broker, authority } = secured;
    const lost = await secured.role("gw-02", "hit");
    const open = await secured.client(lost);
    const other = await secured.client(hit);
    await secured.revoke(lost.serial);
    await until(
      "the list to be read",
      WAIT_MS,
      async () => !(await isTakenBy(broker.port, { ca: authority.ca, pair: lost })),
    );
    expect(await isTakenBy(broker.port, { ca: authority.ca, pair: bulk })).toBe(true);
    // Measured, and said in the README beside the configuration: revocation is looked at when a connection is made, the
    // access list at each message.
    expect(await codeOf(open.publishAsync(`${FOREIGN}/lane-1/hit`, "x", { qos: 1 }))).toBeLessThan(0x80);
    secured.allow("NLRTM-EX/gw-01", "DEHAM/gw-01");
    await until("the access list to be read", WAIT_MS, async () => {
      const client = await secured.client(await secured.role("gw-02", "bulk"));
      const code = await codeOf(client.publishAsync(`${FOREIGN}/lane-1/image`, "x", { qos: 1 }));
      client.end(true);
      return code === 0x87;
    });
    expect(open.connected).toBe(true);
    expect(await codeOf(open.publishAsync(`${FOREIGN}/lane-1/hit`, "x", { qos: 1 }))).toBe(0x87);
    expect(await codeOf(other.publishAsync(`${OWN}/lane-1/hit`, "x", { qos: 1 }))).toBeLessThan(0x80);
    await other.endAsync();
  });
});
