import { describe, expect, test } from "vitest";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { freePort, until, within } from "../fixtures/processes.ts";
import { startScriptedBroker } from "../fixtures/scripted-broker.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  temporaryFolder,
} from "../fixtures/uplink.ts";

describe("a broker that is not there", () => {
  test("absent, it is a state with its reason, tried again with back-off; there, everything goes out", async () => {
    using folder = temporaryFolder();
    const port = await freePort();
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, `mqtt://127.0.0.1:${port}`);
    await uplink.start();
    await storeHit(spool, 1);
    await until(
      "waiting",
      10_000,
      () => uplink.state.hit.state === "waiting" && uplink.state.in.state === "waiting",
    );
    expect(uplink.state.hit.reason).toContain("ECONNREFUSED");
    await using broker = await startMosquitto({ port });
    const central = await openCentral(broker.url);
    await until(
      "both connections",
      10_000,
      () => uplink.state.hit.state === "online" && uplink.state.in.state === "online",
    );
    await storeHit(spool, 2);
    await until(
      "both hits",
      10_000,
      async () => (await spool.figures()).unpublished === 0 && central.sequences().includes(2),
    );
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("P-34 killed again and again while it drains, without persistence: nothing is lost", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto({ config: ["max_queued_messages 0"] });
    let central = await openCentral(broker.url);
    await central.announce({ online: true, receipts: true });
    const spool = await openTestSpool(folder.path);
    await spool.setReceiptsExpected(true);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    const seen = new Set<number>();
    const count = 300;
    const { scanId } = await storeHit(spool, 0);
    for (let revision = 2; revision <= count; revision += 1) {
      await spool.commitHit({
        scanId,
        lane: "lane-1",
        revision,
        data: { scanId, revision },
        state: "analysed",
      });
      if (revision % 75 !== 0) continue;
      await broker.stop();
      for (const sequence of central.sequences()) seen.add(sequence);
      await central.close();
      await broker.start();
      // The broker forgot central's session: only what comes from now on arrives, and only that is receipted.
      central = await openCentral(broker.url);
      await central.announce({ online: true, receipts: true });
    }
    await until("all rows", 40_000, async () => {
      for (const sequence of central.sequences()) seen.add(sequence);
      await central.receipt({
        journal: spool.journal,
        ids: central
          .rows()
          .map(({ event }) => event.id)
          .slice(-1000),
      });
      return (await spool.figures()).unreceipted === 0;
    });
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("frozen, it is given up after the deadline and taken up again when it answers", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url, { deadlineMs: 1000 });
    await uplink.start();
    await until("the connection", 10_000, () => uplink.state.hit.state === "online");
    broker.freeze();
    await storeHit(spool, 1);
    // The keepalive would notice by itself after 45 s.
    await within("giving up", 25_000, () => uplink.state.hit.state !== "online");
    expect((await spool.figures()).unpublished).toBe(1);
    broker.thaw();
    await until("the hit", 40_000, () => central.sequences().length === 1);
    await until("its PUBACK", 10_000, async () => (await spool.figures()).unpublished === 0);
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test.each([
    ["never answers CONNECT", "silent" as const],
    ["refuses CONNECT", 0x87],
    ["answers with garbage", new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("one that %s is a state; stopping does not wait for it", async (_, connect) => {
    using folder = temporaryFolder();
    await using broker = await startScriptedBroker({ connect });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await until("a connection", 10_000, () => broker.connections() >= (connect === "silent" ? 2 : 4));
    expect(uplink.state.hit.state).not.toBe("online");
    const began = performance.now();
    await uplink.stop();
    expect(performance.now() - began).toBeLessThan(5000);
    await spool.stop();
  });
});

describe("a broker that refuses", () => {
  test("P-09 a row larger than it takes becomes a dead letter and an alert; the rows behind it go on", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto({ config: ["max_packet_size 10000"] });
    const central = await openCentral(broker.url);
    await central.announce({ online: true, receipts: true });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await until("the connection", 10_000, () => uplink.state.hit.state === "online");
    const large = await storeHit(spool, 1, 20_000);
    await storeHit(spool, 2);
    await until("the others", 15_000, () => central.sequences().length === 2);
    const alert = central.rows().find(({ topic }) => topic.endsWith("/alert"));
    expect(alert?.event.data).toMatchObject({
      code: "UNDELIVERABLE",
      details: { sequence: 1, id: large.id, scanId: large.scanId },
    });
    expect(await spool.deadLetters(5)).toMatchObject([
      { source: "outbox", reason: expect.stringContaining("the broker takes 10000") },
    ]);
    // The size is counted as the broker counts it: a row of just that size goes.
    const probe = await storeHit(spool, 3, 8000);
    await until("the largest that fits", 15_000, () => central.sequences().includes(probe.sequence));
    await central.receipt({ journal: spool.journal, upToSequence: 10 });
    await until("the receipt past it", 10_000, async () => (await spool.figures()).unreceipted === 0);
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("not authorised (0x87): the rows stay, one alert says so, and they go out once it is allowed", async () => {
    using folder = temporaryFolder();
    const acl = (hit: string) =>
      [
        "topic readwrite $SYS/#",
        "topic read nii/#",
        `topic ${hit} nii/v1/+/+/+/hit`,
        "topic write nii/v1/+/+/status",
        "topic write nii/v1/central",
        "",
      ].join("\n");
    await using broker = await startMosquitto({ acl: acl("deny") });
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const { uplink, alerts } = createTestUplink(spool, broker.url);
    await uplink.start();
    for (let seed = 0; seed < 3; seed += 1) await storeHit(spool, seed);
    await until("the alert", 15_000, () => alerts.length > 0);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ code: "BROKER_REFUSES", details: { reasonCode: "0x87" } });
    expect(await spool.figures()).toMatchObject({ unpublished: 3, deadLetters: 0 });
    broker.reload(acl("write"));
    await until("the hits", 30_000, () => central.sequences().length === 3);
    expect(alerts).toHaveLength(1);
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("P-23 over its quota (0x97): the rows stay and are tried one at a time until one is taken", async () => {
    using folder = temporaryFolder();
    let full = true;
    await using broker = await startScriptedBroker({
      puback: (_, topic) => (full && topic.endsWith("/hit") ? 0x97 : 0),
    });
    const spool = await openTestSpool(folder.path);
    for (let seed = 0; seed < 20; seed += 1) await storeHit(spool, seed);
    const { uplink, alerts } = createTestUplink(spool, broker.url);
    await uplink.start();
    await until("the alert", 10_000, () => alerts.length > 0);
    expect(alerts[0]).toMatchObject({ details: { reasonCode: "0x97" } });
    const first = broker.publishes.filter((topic) => topic.endsWith("/hit")).length;
    await until(
      "another try",
      10_000,
      () => broker.publishes.filter((topic) => topic.endsWith("/hit")).length > first,
    );
    expect((await spool.figures()).unpublished).toBe(20);
    full = false;
    await until("all rows", 20_000, async () => (await spool.figures()).unpublished === 0);
    expect(alerts).toHaveLength(1);
    await uplink.stop();
    await spool.stop();
  });

  test("a row it will never take (0x99) is a dead letter; a refused UNDELIVERABLE alert breeds no other", async () => {
    using folder = temporaryFolder();
    await using broker = await startScriptedBroker({
      puback: (_, topic) => (topic.endsWith("/status") ? 0 : 0x99),
    });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await storeHit(spool, 1);
    await until("the dead letters", 10_000, async () => (await spool.figures()).deadLetters === 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await spool.figures()).toMatchObject({ sequence: 2, deadLetters: 2, unpublished: 0 });
    await uplink.stop();
    await spool.stop();
  });

  test("P-22 its receive maximum is kept, whatever waits", async () => {
    using folder = temporaryFolder();
    let answering = false;
    await using broker = await startScriptedBroker({
      receiveMaximum: 5,
      puback: () => (answering ? 0 : null),
    });
    const spool = await openTestSpool(folder.path);
    for (let seed = 0; seed < 30; seed += 1) await storeHit(spool, seed);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await until("a full window", 10_000, () => broker.mostUnanswered() >= 4);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(broker.mostUnanswered()).toBeLessThanOrEqual(5);
    answering = true;
    broker.answerAll();
    await until("all rows", 20_000, async () => (await spool.figures()).unpublished === 0);
    await uplink.stop();
    await spool.stop();
  });

  test("P-24 PUBACKs that never come drop the connection; the rows come again as resent", async () => {
    using folder = temporaryFolder();
    await using broker = await startScriptedBroker({ puback: () => null });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url, { deadlineMs: 500 });
    await uplink.start();
    await storeHit(spool, 1);
    await until("two more connections", 15_000, () => broker.connections() >= 4);
    expect((await spool.figures()).unpublished).toBe(1);
    broker.script = {};
    await until("the row", 20_000, async () => (await spool.figures()).unpublished === 0);
    await uplink.stop();
    await spool.stop();
  });
});

describe("what central sends", () => {
  test("P-35 while the gateway was away, declarations wait in its session", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const taken: string[] = [];
    const handlers = {
      declaration: async (bytes: Uint8Array) =>
        void taken.push(JSON.parse(new TextDecoder().decode(bytes)).data.aedId),
      outcome: async () => undefined,
    };
    const first = createTestUplink(spool, broker.url, { handlers }).uplink;
    await first.start();
    await until("the subscription", 10_000, () => first.state.in.state === "online");
    await first.stop();
    for (const aedId of ["a", "b", "c"]) await central.send("declaration", { aedId });
    const second = createTestUplink(spool, broker.url, { handlers }).uplink;
    await second.start();
    await until("the declarations", 10_000, () => taken.length === 3);
    expect(taken).toEqual(["a", "b", "c"]);
    await second.stop();
    await spool.stop();
    await central.close();
  });

  test("P-25 what could not be stored is not acknowledged: the broker sends it again", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const tries: string[] = [];
    const handlers = {
      outcome: async () => undefined,
      declaration: async (bytes: Uint8Array) => {
        tries.push(JSON.parse(new TextDecoder().decode(bytes)).data.aedId);
        if (tries.length < 3) throw new Error("the disk is full");
      },
    };
    const { uplink } = createTestUplink(spool, broker.url, { handlers });
    await uplink.start();
    await until("the subscription", 10_000, () => uplink.state.in.state === "online");
    await central.send("declaration", { aedId: "a" });
    await until("the third try", 20_000, () => tries.length === 3);
    expect(tries).toEqual(["a", "a", "a"]);
    // The hits' connection knows nothing of it.
    expect(uplink.state.hit.state).toBe("online");
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("receipts and states that make no sense are passed over", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    const hit = await storeHit(spool, 1);
    const { client } = central;
    for (const payload of ["", "{", '{"specversion":"1.0"}', "[".repeat(5000), "\u0000"]) {
      await client.publishAsync("nii/v1/NLRTM-EX/gw-01/receipt", payload, { qos: 1 });
      await client.publishAsync("nii/v1/central", payload, { qos: 1 });
    }
    await central.receipt({ journal: "not a uuid", ids: [hit.id] });
    await central.receipt({ journal: spool.journal });
    await central.receipt({ journal: spool.journal, ids: [hit.id] });
    await until("the receipt", 10_000, async () => (await spool.figures()).unreceipted === 0);
    expect(uplink.state.hit.state).toBe("online");
    await uplink.stop();
    await spool.stop();
    await central.close();
  });

  test("P-26 while central says it is away nothing is resent; back, everything unreceipted comes at once", async () => {
    using folder = temporaryFolder();
    await using broker = await startMosquitto();
    const central = await openCentral(broker.url);
    await central.announce({ online: false, receipts: true });
    const spool = await openTestSpool(folder.path);
    const { uplink } = createTestUplink(spool, broker.url);
    await uplink.start();
    await until("the announcement", 10_000, () => spool.receiptsExpected());
    await storeHit(spool, 1);
    await until("the first try", 10_000, () => central.rows().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(central.rows()).toHaveLength(1);
    await central.announce({ online: true, receipts: true });
    await until("the second try", 2000, () => central.rows().length === 2);
    await uplink.stop();
    await spool.stop();
    await central.close();
  });
});

test("MQTT 3.1.1, opted in to, delivers as well", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  const central = await openCentral(broker.url);
  const spool = await openTestSpool(folder.path);
  const warnings: string[] = [];
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (_: object, message: string) => void warnings.push(message),
  };
  const { uplink } = createTestUplink(spool, broker.url, { protocol: 4, log });
  await uplink.start();
  expect(warnings.some((message) => message.includes("3.1.1"))).toBe(true);
  const hit = await storeHit(spool, 1);
  await until("the hit", 10_000, () => central.sequences().length === 1);
  await central.receipt({ journal: spool.journal, ids: [hit.id] });
  await until("the receipt", 10_000, async () => (await spool.figures()).unreceipted === 0);
  await uplink.stop();
  await until("stopped", 10_000, () => central.states().at(-1) === "stopped");
  await spool.stop();
  await central.close();
});
