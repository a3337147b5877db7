import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import { Connection } from "../../device/uplink/connection.ts";
import { PacketGuard } from "../../device/uplink/packet-guard.ts";
import { until } from "../fixtures/processes.ts";
import { type ScriptedBroker, startScriptedBroker } from "../fixtures/scripted-broker.ts";
import { createTestUplink, openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 60_000;
const CONNACK = [0x20, 3, 0, 0, 0];

interface Publish {
  readonly topic?: string;
  readonly payload?: Uint8Array;
  readonly qos?: number;
  readonly id?: number;
  readonly alias?: number;
}

/** A PUBLISH of MQTT 5. */
function publish({ topic = "", payload = new Uint8Array(), qos = 0, id = 1, alias }: Publish): Uint8Array {
  const name = new TextEncoder().encode(topic);
  const properties = alias === undefined ? [0] : [3, 0x23, alias >> 8, alias & 0xff];
  const body = [
    name.length >> 8,
    name.length & 0xff,
    ...name,
    ...(qos > 0 ? [id >> 8, id & 0xff] : []),
    ...properties,
  ];
  return Uint8Array.of(0x30 | (qos << 1), ...lengthOf(body.length + payload.length), ...body, ...payload);
}

function lengthOf(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; ; rest >>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Writes until nobody reads any more; how much went out stands in the array. */
function flood(socket: Socket, sizes: number[], chunk: () => Uint8Array): void {
  const place = sizes.push(0) - 1;
  const more = () => {
    while (!socket.destroyed && socket.writable) {
      sizes[place] = socket.bytesWritten;
      if (!socket.write(chunk())) {
        socket.once("drain", more);
        return;
      }
    }
  };
  more();
}

/** A gateway that waits at this broker with a hit to send. */
async function gatewayAt(broker: ScriptedBroker) {
  const folder = temporaryFolder();
  const spool = await openTestSpool(folder.path);
  await storeHit(spool, 1);
  const letters: number[] = [];
  const { uplink, alerts } = createTestUplink(spool, broker.url, {
    handlers: {
      declaration: async (bytes) => void letters.push(bytes.length),
      outcome: async () => undefined,
    },
    onCommand: async () => undefined,
  });
  await uplink.start();
  return {
    alerts,
    letters,
    /** The broker behaves from now on: everything goes out, as if nothing had been. */
    async recovers() {
      broker.script = {};
      broker.answerAll();
      await until("the hit", WAIT_MS, async () => (await spool.figures()).unpublished === 0);
      await uplink.stop();
      await spool.stop();
      folder[Symbol.dispose]();
    },
  };
}

describe("a hostile broker does not end the gateway, and its hits go out once it behaves", () => {
  const OWN = "nii/v1/NLRTM-EX";
  const noise = Uint8Array.from({ length: 50_000 }, (_, at) => (at * 7919 + 13) & 0xff);
  const ATTACKS: readonly (readonly [string, readonly number[] | Uint8Array])[] = [
    ["a topic alias that was never allowed", publish({ topic: `${OWN}/declaration`, qos: 1, alias: 7 })],
    ["a topic alias that names nothing", publish({ qos: 1, alias: 9 })],
    ["garbage", noise],
    ["a length that does not end", [0x30, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["a publish at QoS 2, which nobody subscribed at", publish({ topic: `${OWN}/outcome`, qos: 2 })],
    ["a second CONNACK and a DISCONNECT", [...CONNACK, 0xe0, 2, 0x8e, 0]],
    ["no CONNACK, but noise", new Uint8Array()],
    // The last, for it makes no difference to the connection.
    [
      "answers to what was never sent",
      [0x40, 2, 0x12, 0x34, 0x62, 2, 0x12, 0x35, 0x50, 2, 0, 9, 0x90, 4, 0, 1, 0, 1],
    ],
  ];

  it("aliases, garbage, endless lengths, answers to nothing, QoS 2, CONNACK of noise: one after the other", async () => {
    await using broker = await startScriptedBroker({ connect: Uint8Array.of(...CONNACK, ...noise) });
    const gateway = await gatewayAt(broker);
    for (const [what, bytes] of ATTACKS) {
      const [connections, sent] = [broker.connections(), broker.publishes.length];
      broker.script = {
        connect: bytes.length === 0 ? noise.slice(0, 1000) : Uint8Array.of(...CONNACK, ...bytes),
      };
      // It ends the connection, or makes no difference to it.
      await until(
        `another try after ${what}`,
        WAIT_MS,
        () => broker.connections() > connections + 2 || broker.publishes.length > sent,
      );
    }
    await gateway.recovers();
  });

  it("P-55 a packet of 256 MB is cut at its header: next to nothing of it is read", async () => {
    const sizes: number[] = [];
    const chunk = new Uint8Array(65_536);
    await using broker = await startScriptedBroker({
      connect: (socket) => {
        socket.write(Uint8Array.of(...CONNACK, 0x30, 0xff, 0xff, 0xff, 0x7f));
        flood(socket, sizes, () => chunk);
      },
    });
    const gateway = await gatewayAt(broker);
    await until("several tries", WAIT_MS, () => broker.connections() >= 4);
    // What the sockets' own buffers hold, and no more.
    expect(Math.max(...sizes.slice(0, 3))).toBeLessThan(16e6);
    await gateway.recovers();
  });

  it("a flood of QoS 2 publishes that are never released keeps nothing in memory", async () => {
    const sizes: number[] = [];
    let id = 0;
    await using broker = await startScriptedBroker({
      connect: (socket) => {
        socket.write(Uint8Array.from(CONNACK));
        flood(socket, sizes, () => {
          id = (id % 65_535) + 1;
          return publish({ topic: `${OWN}/outcome`, qos: 2, id, payload: noise.slice(0, 10_000) });
        });
      },
    });
    const gateway = await gatewayAt(broker);
    await until("several tries", WAIT_MS, () => broker.connections() >= 4);
    expect(Math.max(...sizes.slice(0, 3))).toBeLessThan(16e6);
    await gateway.recovers();
  });

  it("P-56 messages on topics of other sites and gateways reach no room, and an alert says so", async () => {
    const topics = [
      "nii/v1/DEHAM/declaration",
      `${OWN}/gw-02/receipt`,
      `${OWN}/gw-02/command/pause`,
      "nii/v1/DEHAM/gw-01/receipt",
    ];
    const strange = topics.flatMap((topic, at) => [...publish({ topic, qos: 1, id: at + 1 })]);
    const own = publish({ topic: `${OWN}/declaration`, qos: 1, id: 9, payload: Uint8Array.of(1, 2, 3) });
    await using broker = await startScriptedBroker({
      connect: Uint8Array.of(...CONNACK, ...strange, ...own),
    });
    const gateway = await gatewayAt(broker);
    await until("the one that is its own", WAIT_MS, () => gateway.letters.length > 0);
    expect(new Set(gateway.letters)).toEqual(new Set([3]));
    const told = gateway.alerts.filter(({ code }) => code === "INBOUND_REFUSED");
    expect(new Set(told.map(({ details }) => details["topic"]))).toEqual(new Set(topics));
    await gateway.recovers();
  });

  it("one that knows MQTT 3.1.1 only gets no 3.1.1 from a gateway that was not told to", async () => {
    // 0x84, as MQTT 5 has it; and 3.1.1's own way of saying it (CONNACK of two bytes, code 1).
    for (const answer of [0x84, Uint8Array.of(0x20, 2, 0, 1)]) {
      await using broker = await startScriptedBroker({ connect: answer });
      const gateway = await gatewayAt(broker);
      await until("another try", WAIT_MS, () => broker.connections() >= 4);
      expect(new Set(broker.levels)).toEqual(new Set([5]));
      await gateway.recovers();
    }
  });
});

describe("packets are watched as they come", () => {
  const cutBy = (
    chunks: readonly (readonly number[])[],
    options: { maxBytes?: number; packetMs?: number } = {},
  ) => {
    const whys: string[] = [];
    const guard = new PacketGuard({ maxBytes: 1000, ...options, cut: (why) => whys.push(why) });
    for (const chunk of chunks) guard.see(Uint8Array.from(chunk));
    return { whys, guard };
  };

  it("in any pieces: whole packets pass, too long ones are cut at the header, once", () => {
    const packets = [...publish({ topic: "a/b", payload: new Uint8Array(300) }), 0xd0, 0, ...CONNACK];
    for (const size of [1, 2, 3, 7, 1000]) {
      const chunks = Array.from({ length: Math.ceil(packets.length / size) }, (_, at) =>
        packets.slice(at * size, (at + 1) * size),
      );
      const { whys, guard } = cutBy(chunks);
      guard.stop();
      expect(whys).toEqual([]);
    }
    expect(cutBy([[0x30, 0xe8, 0x07]]).whys).toEqual([]);
    expect(
      cutBy([
        [0x30, 0xe9, 0x07],
        [1, 2, 3],
      ]).whys,
    ).toEqual([expect.stringMatching(/1001 bytes/)]);
    expect(cutBy([[0x30, 0x80, 0x80, 0x80, 0x80, 1]]).whys).toEqual([expect.stringMatching(/does not end/)]);
    expect(cutBy([[0x34, 0]]).whys).toEqual([expect.stringMatching(/QoS 2/)]);
  });

  it("and one that is sent so slowly that it never ends is cut, however it dribbles", async () => {
    const { whys, guard } = cutBy([[0x30, 100]], { packetMs: 100 });
    for (let at = 0; at < 100 && whys.length === 0; at += 1) {
      guard.see(Uint8Array.of(0));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(whys).toEqual([expect.stringMatching(/not whole after 100 ms/)]);
    // Many packets that each end in time are none of that, whatever the pieces.
    const lively = cutBy([], { packetMs: 400 });
    for (let at = 0; at < 10; at += 1) {
      lively.guard.see(Uint8Array.of(0x30, 2, 0));
      lively.guard.see(Uint8Array.of(0));
    }
    expect(lively.whys).toEqual([]);
    lively.guard.stop();
  });

  it("on a connection, too", async () => {
    await using broker = await startScriptedBroker({
      connect: (socket) => {
        socket.write(Uint8Array.of(...CONNACK, 0x30, 100));
        const timer = setInterval(() => socket.write(Uint8Array.of(0)), 20);
        socket.once("close", () => clearInterval(timer));
      },
    });
    const options = {
      url: broker.url,
      protocol: 5,
      clientId: "slow",
      credentials: {},
      subscriptions: [],
      onMessage: async () => undefined,
      deadlineMs: 60_000,
      packetMs: 150,
      log: SILENT_LOG,
    } as const;
    const connection = await Connection.open(options, new AbortController().signal);
    expect(await connection.closed).toMatch(/not whole after 150 ms/);
  });
});
