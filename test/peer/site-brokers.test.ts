import { expect, test } from "vitest";
import { until } from "../fixtures/processes.ts";
import { SITE_BROKERS } from "../fixtures/site-brokers.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  temporaryFolder,
} from "../fixtures/uplink.ts";

/** A broker that begins anew on a busy machine takes its time. */
const LIMIT_MS = 280_000;
const WAIT_MS = 60_000;

test.each(Object.entries(SITE_BROKERS))(
  "%s: hits arrive, only receipts free them, what is asked for comes again, and nothing is lost when it forgets everything",
  async (_, start) => {
    using folder = temporaryFolder();
    await using broker = await start();
    const { protocol, url } = broker;
    const central = await openCentral(url, { protocol });
    await central.announce({ online: true, receipts: true });
    const spool = await openTestSpool(folder.path);
    const { journal } = spool;
    let lostSessions = 0;
    const { uplink, alerts } = createTestUplink(spool, url, {
      protocol,
      onSessionLost: () => {
        lostSessions += 1;
      },
    });
    await uplink.start();
    await until("the announcement", WAIT_MS, () => spool.receiptsExpected());
    await until("online", WAIT_MS, () => central.states().includes("online"));

    // Delivery and receipts.
    const first = await storeHit(spool, 1);
    await until("the hit", WAIT_MS, () => central.sequences().includes(1));
    expect(central.rows()[0]?.event).toMatchObject({ id: first.id, subject: first.scanId });
    await until("its PUBACK", WAIT_MS, async () => (await spool.figures()).unpublished === 0);
    expect((await spool.figures()).unreceipted).toBe(1);
    await central.receipt({ journal, ids: [first.id] });
    await until("its receipt", WAIT_MS, async () => (await spool.figures()).unreceipted === 0);

    // Resent when asked for, the same bytes, though it was receipted.
    expect(await spool.resend({ journal, from: 1, to: 1 })).toEqual({ queued: 1, gone: 0 });
    const again = await until("the second time", WAIT_MS, () =>
      central.rows().find(({ event }) => event.id === first.id && event.resent === true),
    );
    expect(again.text.replace('"resent":true,', "")).toBe(central.rows()[0]?.text);

    // What goes down is kept while the gateway is there.
    const sessionsBefore = lostSessions;

    // The broker dies and forgets sessions, queues and what is retained, with hits unreceipted and new ones made meanwhile.
    const second = await storeHit(spool, 2);
    await until("the second hit", WAIT_MS, () => central.sequences().includes(2));
    const forgetting = broker.forget();
    const third = await storeHit(spool, 3);
    await forgetting;
    await until("all hits again", WAIT_MS, () => {
      const since = central.rows().filter(({ event }) => event.resent === true);
      return (
        since.some(({ event }) => event.id === second.id) && central.sequences().includes(third.sequence)
      );
    });
    await until("the lost session", WAIT_MS, () => lostSessions > sessionsBefore);
    await central.receipt({ journal, upToSequence: 3 });
    await until("the receipts", WAIT_MS, async () => (await spool.figures()).unreceipted === 0);
    expect(central.sequences()).toEqual([1, 2, 3]);
    expect(alerts).toEqual([]);
    await uplink.stop();
    await until("stopped", WAIT_MS, () => central.states().at(-1) === "stopped");
    await spool.stop();
    await central.close();
  },
  LIMIT_MS,
);
