import { expect, test } from "vitest";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { until } from "../fixtures/processes.ts";
import { startScriptedBroker } from "../fixtures/scripted-broker.ts";
import { createTestUplink, openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const HITS = 20;

test("P-03 a hit is committed to the journal before any broker sees it", async () => {
  using folder = temporaryFolder();
  /** What another connection to the journal read at the moment each hit came in. */
  const stored: number[] = [];
  await using broker = await startScriptedBroker({
    puback: (_, topic) => {
      if (topic.endsWith("/hit")) {
        const reader = openSpoolReader(folder.path);
        stored.push(reader.figures().sequence);
        reader.close();
      }
      return 0;
    },
  });
  const spool = await openTestSpool(folder.path);
  const { uplink } = createTestUplink(spool, broker.url);
  await uplink.start();
  await until("the connection", 20_000, () => uplink.state.hit.state === "online");
  try {
    for (let seed = 0; seed < HITS; seed += 1) {
      await storeHit(spool, seed);
      await until("the hit", 20_000, () => stored.length > seed);
    }
    expect(stored.filter((sequence, at) => sequence < at + 1)).toEqual([]);
  } finally {
    await uplink.stop();
    await spool.stop();
  }
});
