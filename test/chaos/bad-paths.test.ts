import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BadPath, type Rule, startProxy } from "../fixtures/chaos/proxy.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { Dice } from "../fixtures/mutate.ts";
import { until, within } from "../fixtures/processes.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  type TestCentral,
  temporaryFolder,
} from "../fixtures/uplink.ts";

const HITS = 30;
const WAIT_MS = 60_000;
/** Within the keepalive of 30 s, which would notice by itself. */
const NOTICE_MS = 25_000;
/** Bytes in each hit, so that it takes several segments. */
const PADDING = 6000;

/** A path that is bad in one way, and whether the gateway must notice while it lasts. */
interface Fault {
  readonly name: string;
  readonly rule: Rule;
  readonly noticed: boolean;
}

const dice = new Dice(17);
const FAULTS: readonly Fault[] = [
  {
    name: "dark both ways",
    rule: { toBroker: { blackHole: true }, toGateway: { blackHole: true } },
    noticed: true,
  },
  { name: "dark towards the broker", rule: { toBroker: { blackHole: true } }, noticed: true },
  { name: "dark towards the gateway", rule: { toGateway: { blackHole: true } }, noticed: true },
  { name: "slow", rule: { toBroker: { delayMs: 150 }, toGateway: { delayMs: 150 } }, noticed: false },
  {
    name: "halving every piece",
    rule: { toBroker: { halve: true }, toGateway: { halve: true } },
    noticed: false,
  },
  {
    name: "cut in the middle of packets, again and again",
    rule: {
      toBroker: { cutAfter: () => 2000 + dice.below(60_000) },
      toGateway: { cutAfter: () => 200 + dice.below(400) },
    },
    noticed: true,
  },
];

describe("a bad path between the gateway and its broker", () => {
  let broker: Mosquitto;
  let proxy: BadPath;
  let central: TestCentral;
  beforeAll(async () => {
    broker = await startMosquitto({ config: ["max_queued_messages 0"] });
    proxy = await startProxy(broker);
    central = await openCentral(broker.url);
    await central.announce({ online: true, receipts: true });
  });
  afterAll(async () => {
    await central.close();
    await proxy[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  test.each(FAULTS)(
    "P-38 $name: every hit arrives with the same bytes, and the gateway goes on by itself",
    async (fault) => {
      using folder = temporaryFolder();
      const spool = await openTestSpool(folder.path);
      const { uplink } = createTestUplink(spool, proxy.url, { deadlineMs: 1500 });
      const states = new Set<string>();
      await uplink.start();
      try {
        await until("the connection", WAIT_MS, () => uplink.state.hit.state === "online");
        uplink.onState(({ hit }) => void states.add(hit.state));
        const { cuts } = proxy.figures;
        proxy.set(fault.rule);
        for (let seed = 0; seed < HITS; seed += 1) await storeHit(spool, seed, PADDING);
        if (fault.noticed) await within("the gateway to notice", NOTICE_MS, () => states.has("waiting"));
        if (fault.name.startsWith("cut"))
          await until("more cuts", WAIT_MS, () => proxy.figures.cuts >= cuts + 5);
        if (fault.noticed) proxy.set({});
        await until("every receipt", WAIT_MS, async () => {
          const ids = idsOf(central, spool.journal);
          if (ids.length > 0) await central.receipt({ journal: spool.journal, ids });
          return (await spool.figures()).unreceipted === 0;
        });
      } finally {
        proxy.set({});
        await uplink.stop();
        await spool.stop();
      }
      const bytes = new Map<string, Set<string>>();
      for (const { event, text } of central
        .rows()
        .filter(({ event }) => event.data["journal"] === spool.journal)) {
        const once = bytes.get(event.id) ?? new Set();
        bytes.set(event.id, once.add(text.replace('{"resent":true,', "{")));
      }
      expect(bytes.size).toBe(HITS);
      expect([...bytes.values()].filter((texts) => texts.size > 1)).toEqual([]);
    },
  );
});

function idsOf(central: TestCentral, journal: string): string[] {
  const rows = central.rows().filter(({ event }) => event.data["journal"] === journal);
  return [...new Set(rows.map(({ event }) => event.id))];
}
