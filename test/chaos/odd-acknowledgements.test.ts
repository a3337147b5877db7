import { describe, expect, test } from "vitest";
import { until } from "../fixtures/processes.ts";
import { type Script, startScriptedBroker } from "../fixtures/scripted-broker.ts";
import { createTestUplink, openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const HITS = 12;
/** Longer than the pump's look for rows whose receipt is late. */
const LATE_MS = 2500;

/** Runs hits past a broker of one script; `then` may change it. Returns how many hits it saw on how many connections. */
async function run(
  script: Script,
  then: (broker: Awaited<ReturnType<typeof startScriptedBroker>>) => Promise<void>,
): Promise<{ hits: number; connections: number }> {
  using folder = temporaryFolder();
  await using broker = await startScriptedBroker(script);
  const spool = await openTestSpool(folder.path);
  await spool.setReceiptsExpected(true);
  const { uplink } = createTestUplink(spool, broker.url, { deadlineMs: 60_000 });
  await uplink.start();
  try {
    await until("both connections", 20_000, () => broker.connections() === 2);
    for (let seed = 0; seed < HITS; seed += 1) await storeHit(spool, seed);
    const hits = () => broker.publishes.filter((topic) => topic.endsWith("/hit")).length;
    await until("every hit", 20_000, () => hits() >= HITS);
    await then(broker);
    const seen = hits();
    await until("every PUBACK to be stored", 20_000, async () => (await spool.figures()).unpublished === 0);
    return { hits: seen, connections: broker.connections() };
  } finally {
    await uplink.stop();
    await spool.stop();
  }
}

describe("a broker that acknowledges oddly", () => {
  test("P-39 late: what waits for its acknowledgement is not sent a second time", async () => {
    const script: Script = { puback: (_, topic) => (topic.endsWith("/hit") ? null : 0) };
    const seen = await run(script, async (broker) => {
      await new Promise((resolve) => setTimeout(resolve, LATE_MS));
      broker.answerAll();
    });
    expect(seen).toEqual({ hits: HITS, connections: 2 });
  });

  test("twice: the second acknowledgement of a row is passed over, and the connection stays", async () => {
    const seen = await run({ copies: 2 }, async () => undefined);
    expect(seen).toEqual({ hits: HITS, connections: 2 });
  });
});
