import { connectAsync } from "mqtt";
import { describe, expect, test } from "vitest";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { until } from "../fixtures/processes.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  temporaryFolder,
} from "../fixtures/uplink.ts";

describe("rows of the journal on their way to central", () => {
  test("a hit arrives once, with its envelope, and its receipt frees the row", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    await central.announce({ online: true, receipts: true });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    const hit = await storeHit(spool, 1);
    await until("the hit", 10_000, () => central.rows().length === 1);
    const [row] = central.rows();
    expect(row?.topic).toBe("nii/v1/NLRTM-EX/gw-01/lane-1/hit");
    expect(row?.event).toMatchObject({ id: hit.id, source: "/NLRTM-EX/gw-01/lane-1", subject: hit.scanId });
    expect(row?.event.resent).toBeUndefined();
    const trace = hit.scanId.replaceAll("-", "");
    expect(row?.properties).toEqual({
      schema: "urn:lynceus:schema:hit:1.0",
      traceparent: `00-${trace}-${hit.id.replaceAll("-", "").slice(0, 16)}-01`,
    });
    const status = central.received.find(({ topic }) => topic.endsWith("/status"));
    expect(status?.properties["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect((await spool.figures()).unreceipted).toBe(1);
    await central.receipt({ journal: spool.journal, ids: [hit.id] });
    await until("the receipt", 10_000, async () => (await spool.figures()).unreceipted === 0);
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("P-05 a row without a receipt comes again with resent, the same bytes otherwise; foreign receipts free nothing", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    await central.announce({ online: true, receipts: true });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    const hit = await storeHit(spool, 1);
    await central.receipt({ journal: "00000000-0000-4000-8000-000000000000", upToSequence: 100 });
    await until("the second try", 15_000, () => central.rows().length >= 2);
    const [first, second] = central.rows();
    expect(second?.event.resent).toBe(true);
    expect(second?.text.replace('"resent":true,', "")).toBe(first?.text);
    await central.receipt({ journal: spool.journal, upToSequence: hit.sequence });
    await until("the receipt", 10_000, async () => (await spool.figures()).unreceipted === 0);
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("without receipts a PUBACK is the end; with them taken back too", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await storeHit(spool, 1);
    await until("the PUBACK", 10_000, async () => (await spool.figures()).unpublished === 0);
    expect(await spool.receiptsExpected()).toBe(false);
    await central.announce({ online: true, receipts: true });
    await until("resending", 10_000, () => central.rows().some(({ event }) => event.resent === true));
    // A cleared state and a will that says nothing of receipts take nothing back.
    await central.client.publishAsync("nii/v1/central", "", { qos: 1, retain: true });
    await storeHit(spool, 2);
    await until("the second hit", 10_000, async () => (await spool.figures()).unpublished === 0);
    expect(await spool.receiptsExpected()).toBe(true);
    await central.announce({ online: true, receipts: false });
    await until("receipts taken back", 10_000, async () => !(await spool.receiptsExpected()));
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("a backlog from before the connection goes out in full, fresh hits before it", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto({ config: ["max_queued_messages 0"] });
    const central = await openCentral(broker.url);
    // The backlog was made an hour ago.
    let offset = -3_600_000;
    const spool = await openTestSpool(folder.path, { clock: () => Date.now() + offset });
    const { scanId } = await storeHit(spool, 0);
    const count = 1500;
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        spool.commitHit({
          scanId,
          lane: "lane-1",
          revision: index + 2,
          data: { scanId, pad: "x".repeat(2000) },
          state: "analysed",
        }),
      ),
    );
    offset = 0;
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await until("the drain to begin", 10_000, () => central.rows().length > 10);
    const fresh = await storeHit(spool, 1);
    await until("all rows", 30_000, () => central.sequences().length === count + 2);
    const order = central.rows().map(({ event }) => Number(event.data["sequence"]));
    expect(order.indexOf(fresh.sequence)).toBeLessThan(count);
    expect(central.sequences()).toEqual(Array.from({ length: count + 2 }, (_, index) => index + 1));
    await uplink.stop();
    await spool.stop();
    await central.close();
  });
});

describe("what the gateway says of itself", () => {
  test("online, stopping and stopped are retained; a crash leaves the will, with the connection's time", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    const lane = { state: "idle", code: null, since: new Date().toISOString() } as const;
    uplink.publishState("laneState", { lane: "lane-1" }, lane);
    const before = Date.now();
    await uplink.start();
    await until("online", 10_000, () => central.states().includes("online"));
    await until("the lane", 10_000, () =>
      central.received.some(({ topic }) => topic.endsWith("/lane-1/state")),
    );
    await uplink.stop();
    await until("stopped", 10_000, () => central.states().at(-1) === "stopped");
    expect(central.states()).toEqual(["online", "stopping", "stopped"]);
    expect(uplink.state.hit.state).toBe("stopped");

    const again = createTestUplink(spool, broker.url).uplink;
    await again.start();
    await until("online again", 10_000, () => central.states().at(-1) === "online");
    // Another client with the same id takes the session over: the broker cuts ours as a crash would.
    const other = await connectAsync(broker.url, {
      protocolVersion: 5,
      clientId: "lynceus-NLRTM-EX-gw-01-hit",
      reconnectPeriod: 0,
    });
    other.on("error", () => undefined);
    await until("the will", 10_000, () => central.states().includes("offline"));
    const will = central.received.find(({ event }) => event.data["state"] === "offline");
    expect(Date.parse(will?.event.time ?? "")).toBeGreaterThanOrEqual(before);
    expect(will?.event.data["bootId"]).toBe(spool.bootId);
    await until("the gateway's return", 10_000, () => central.states().at(-1) === "online");
    await other.endAsync(true);
    await again.stop();
    await spool.stop();
    await central.close();
  });
});
