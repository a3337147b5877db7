import { join } from "node:path";
import { expect, it } from "vitest";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { until } from "../fixtures/processes.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  temporaryFolder,
} from "../fixtures/uplink.ts";

const WAIT_MS = 90_000;
/** Central comes and goes for so long, ms. */
const FLAPPING_MS = 2500;

/** A gateway at a broker where a stranger may publish central's state, and the stranger. */
async function gatewayAt(broker: Mosquitto, folder: string, receiptsRequired: boolean) {
  const spool = await openTestSpool(join(folder, "spool"));
  const stranger = await openCentral(broker.url);
  const { uplink, alerts } = createTestUplink(spool, broker.url, { receiptsRequired });
  await uplink.start();
  await until("the connection", WAIT_MS, () => uplink.state.hit.state === "online");
  return {
    spool,
    stranger,
    alerts,
    arrived: (scanId: string) =>
      until("the hit", WAIT_MS, () => stranger.rows().some(({ event }) => event.subject === scanId)),
    async [Symbol.asyncDispose]() {
      await uplink.stop();
      await stranger.close();
      await spool.stop();
    },
  };
}

it.concurrent("a forged state of central that says it is away holds back what waits; new hits go out and nothing is freed", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  await using gateway = await gatewayAt(broker, folder.path, false);
  const { spool, stranger, arrived } = gateway;
  await stranger.announce({ online: true, receipts: true });
  const first = await storeHit(spool, 1);
  await arrived(first.scanId);
  await stranger.announce({ online: false, receipts: true });
  const second = await storeHit(spool, 2);
  await arrived(second.scanId);
  expect((await spool.figures()).unreceipted).toBe(2);
  // The true central comes back, and has it all.
  await stranger.announce({ online: true, receipts: true });
  await stranger.receipt({ journal: (await spool.figures()).journal, upToSequence: 2 });
  await until("the receipt", WAIT_MS, async () => (await spool.figures()).unreceipted === 0);
});

it.concurrent("one that says that it is back, a thousand times, has rows sent again a few times", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  await using gateway = await gatewayAt(broker, folder.path, false);
  const { spool, stranger, arrived } = gateway;
  const began = performance.now();
  await stranger.announce({ online: true, receipts: true });
  const first = await storeHit(spool, 1);
  await arrived(first.scanId);
  for (let at = 0; at < 1000 && performance.now() - began < FLAPPING_MS; at += 1) {
    await stranger.announce({ online: false, receipts: true });
    await stranger.announce({ online: true, receipts: true });
  }
  // Rows that are receipted say that all of it was read.
  await stranger.receipt({ journal: (await spool.figures()).journal, upToSequence: 1 });
  await until("the receipt", WAIT_MS, async () => (await spool.figures()).unreceipted === 0);
  const copies = stranger.rows().filter(({ event }) => event.subject === first.scanId);
  expect(copies.length).toBeLessThan(4 + (performance.now() - began) / 2000);
});

it.concurrent("one that says that there are no receipts frees nothing where trust.require asks for receipts, and is told", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  await using gateway = await gatewayAt(broker, folder.path, true);
  const { spool, stranger, alerts, arrived } = gateway;
  await stranger.announce({ online: true, receipts: false });
  const { scanId } = await storeHit(spool, 1);
  await arrived(scanId);
  await until("the alert", WAIT_MS, () => alerts.some(({ code }) => code === "INBOUND_REFUSED"));
  expect(alerts.map(({ details }) => [details["message"], details["why"]])).toContainEqual([
    "central",
    "unsigned",
  ]);
  // The broker has acknowledged it, which is what would have freed it.
  await until("the acknowledgement", WAIT_MS, async () => (await spool.figures()).unpublished === 0);
  expect((await spool.figures()).unreceipted).toBe(1);
  expect(await spool.receiptsExpected()).toBe(true);
});

it.concurrent("where it does not, such a state makes the broker's word enough: what SECURITY.md says it can do", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  await using gateway = await gatewayAt(broker, folder.path, false);
  const { spool, stranger, arrived } = gateway;
  await stranger.announce({ online: true, receipts: true });
  const { scanId } = await storeHit(spool, 1);
  await arrived(scanId);
  expect((await spool.figures()).unreceipted).toBe(1);
  await stranger.announce({ online: true, receipts: false });
  await until("its word to be taken", WAIT_MS, async () => !(await spool.receiptsExpected()));
  const kept = await spool.list(10);
  expect(kept.map(({ kind, state }) => [kind, state])).toEqual([["hit", "published"]]);
});
