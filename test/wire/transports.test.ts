import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import type { ListeningTransport } from "../../device/transport/listen-tcp.ts";
import { openTransport } from "../../device/transport/open.ts";
import type { Link } from "../../device/transport/port.ts";
import { LinkSupervisor } from "../../device/transport/supervisor.ts";
import { settle, until } from "../fixtures/line-device.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function server(onSocket: (socket: Socket) => void): Promise<number> {
  const listening = createServer(onSocket);
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  cleanUps.push(() => listening.close());
  return (listening.address() as { port: number }).port;
}

function abortable(): AbortController {
  const abort = new AbortController();
  cleanUps.push(() => abort.abort());
  return abort;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  cleanUps.push(() => socket.destroy());
  await once(socket, "connect");
  socket.resume();
  return socket;
}

async function listening(from?: readonly string[]) {
  const transport = openTransport("listen+tcp://127.0.0.1:0", { from }) as ListeningTransport;
  const abort = abortable();
  const surplus: Link[] = [];
  const open = () => transport.open(abort.signal, { onSurplus: (link) => surplus.push(link) });
  const first = open();
  first.catch(() => {});
  await until(() => transport.port !== null, "it listens");
  return { transport, abort, surplus, open, first, port: transport.port ?? 0 };
}

describe("tcp", () => {
  it("carries bytes both ways and ends when the peer ends", async () => {
    const port = await server((socket) => socket.pipe(socket));
    const link = await openTransport(`tcp://127.0.0.1:${port}`).open(abortable().signal);
    const writer = link.sink.getWriter();
    const reader = link.source.getReader();
    await writer.write(new TextEncoder().encode("hello"));
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("hello");
    expect(link.peer).toBe(`tcp 127.0.0.1:${port}`);
    await link.close();
    await link.close();
    expect((await reader.read()).done).toBe(true);
    await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject({ code: "LYN_LINK_ENDED" });
  });

  it("holds the peer back while nobody reads", async () => {
    let sent = 0;
    const block = new Uint8Array(64 * 1024);
    const port = await server((socket) => {
      const more = () => {
        while (sent < 200e6 && socket.write(block)) sent += block.length;
      };
      socket.on("drain", more).on("error", () => {});
      more();
    });
    const link = await openTransport(`tcp://127.0.0.1:${port}`).open(abortable().signal);
    let stalled = -1;
    while (sent !== stalled) {
      stalled = sent;
      await settle(300);
    }
    expect(stalled).toBeLessThan(30e6);
    const reader = link.source.getReader();
    for (let read = 0; read < stalled; ) read += (await reader.read()).value?.length ?? 0;
    await until(() => sent > stalled, "it flows again");
    await link.close();
  });

  it("does not let a write pass that the peer does not take, and close ends it", async () => {
    const port = await server((socket) => socket.pause());
    const link = await openTransport(`tcp://127.0.0.1:${port}`).open(abortable().signal);
    const writer = link.sink.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 200; written++) await writer.write(new Uint8Array(1e6));
    })();
    writing.catch(() => {});
    await settle(200);
    expect(written).toBeLessThan(50);
    await link.close();
    await expect(writing).rejects.toMatchObject({ code: "LYN_LINK_ENDED" });
  });

  it("delivers the last answer although the peer is still sending when the link is closed", async () => {
    let received = "";
    const port = await server((socket) => {
      const timer = setInterval(() => socket.write(new Uint8Array(10_000)), 1);
      socket.on("data", (chunk) => {
        received += chunk.toString();
      });
      socket.on("error", () => {}).on("close", () => clearInterval(timer));
    });
    const link = await openTransport(`tcp://127.0.0.1:${port}`).open(abortable().signal);
    await settle(50);
    await link.sink.getWriter().write(new TextEncoder().encode("goodbye"));
    await link.close();
    await until(() => received === "goodbye", "the answer arrives");
  });

  it("fails with an errno when nobody listens, and promptly when aborted", async () => {
    const abort = abortable();
    const port = await server(() => {});
    await (cleanUps.pop() as () => unknown)();
    await expect(openTransport(`tcp://127.0.0.1:${port}`).open(abort.signal)).rejects.toMatchObject({
      code: "LYN_LINK_UNREACHABLE",
      details: { errno: "ECONNREFUSED" },
    });
    const hanging = openTransport("tcp://192.0.2.1:9").open(abort.signal);
    abort.abort(new Error("stopped"));
    await expect(hanging).rejects.toThrow();
  });

  it("refuses a peer outside the allow list", async () => {
    const port = await server(() => {});
    const transport = openTransport(`tcp://127.0.0.1:${port}`, { from: ["10.0.0.0/24"] });
    await expect(transport.open(abortable().signal)).rejects.toMatchObject({ code: "LYN_PEER_NOT_ALLOWED" });
  });
});

describe("listen+tcp", () => {
  it("gives one peer at a time, and keeps its port between them", async () => {
    const { open, first, port, surplus } = await listening();
    const a = await dial(port);
    const link = await first;
    const b = await dial(port);
    await until(() => surplus.length === 1, "the second is surplus");
    const turnedAway = once(b, "close");
    await surplus[0]?.close();
    await turnedAway;
    a.end();
    await link.close();
    const c = await dial(port);
    c.write("third");
    const next = await open();
    expect(new TextDecoder().decode((await next.source.getReader().read()).value)).toBe("third");
  });

  it("bounds the peers that wait", async () => {
    const { first, port, surplus } = await listening();
    await dial(port);
    await first;
    let closed = 0;
    for (let n = 0; n < 20; n++) (await dial(port)).on("close", () => closed++);
    await until(() => closed >= 16, "most are closed at once");
    await until(() => surplus.length > 0, "a few are heard");
    expect(surplus.length).toBeLessThanOrEqual(4);
  });

  it("closes its port when its signal aborts", async () => {
    const { abort, first, port } = await listening();
    abort.abort();
    await expect(first).rejects.toThrow();
    await expect(dial(port)).rejects.toThrow();
  });

  it("says when the port is taken", async () => {
    const port = await server(() => {});
    await expect(
      openTransport(`listen+tcp://127.0.0.1:${port}`).open(abortable().signal),
    ).rejects.toMatchObject({
      code: "LYN_LISTEN_FAILED",
      details: { errno: "EADDRINUSE" },
    });
  });

  it("lets in only allowed addresses", async () => {
    const { first, port } = await listening(["127.0.0.0/8"]);
    await dial(port);
    await first;
  });
});

describe("serial", () => {
  it("says what to do when the device is not there", async () => {
    await expect(
      openTransport("serial:///dev/lynceus-none?baud=9600").open(abortable().signal),
    ).rejects.toMatchObject({
      code: "LYN_SERIAL_PORT",
      remedy: expect.stringContaining("plugged in"),
    });
  });
});

describe("supervisor", () => {
  it("reopens for ever, waits longer each time a peer is no good, and short again after a healthy one", async () => {
    let accepted = 0;
    const port = await server((socket) => {
      accepted += 1;
      socket.destroy();
    });
    const waits: number[] = [];
    let last = performance.now();
    let healthyFrom = 6;
    const supervisor = new LinkSupervisor({
      transport: openTransport(`tcp://127.0.0.1:${port}`),
      serve: async (link, { healthy }) => {
        waits.push(performance.now() - last);
        if (waits.length === healthyFrom) healthy();
        for await (const _ of link.source);
        last = performance.now();
      },
      backoff: { baseMs: 20, maxMs: 100_000 },
      random: () => 1,
      now: Date.now,
      log: SILENT_LOG,
    });
    supervisor.start();
    await until(() => waits.length >= 8, "eight links");
    healthyFrom = -1;
    await supervisor.stop();
    expect(accepted).toBeGreaterThanOrEqual(8);
    // 20, 40 … 320 ms after the first five; 20 and 40 ms after the healthy sixth, one of which a busy machine may make long.
    expect(waits[5]).toBeGreaterThan(310);
    expect(Math.min(...waits.slice(6, 8))).toBeLessThan(waits[5] ?? 0);
    expect(supervisor.state.state).toBe("absent");
  });

  it("stops promptly while it waits, connects, or serves", async () => {
    const port = await server(() => {});
    for (const url of [
      "tcp://127.0.0.1:1",
      "tcp://192.0.2.1:9",
      `tcp://127.0.0.1:${port}`,
      "listen+tcp://127.0.0.1:0",
    ]) {
      const supervisor = new LinkSupervisor({
        transport: openTransport(url),
        serve: async (link) => {
          for await (const _ of link.source);
        },
        now: Date.now,
        log: SILENT_LOG,
      });
      supervisor.start();
      await settle(50);
      const began = performance.now();
      await supervisor.stop();
      expect(performance.now() - began).toBeLessThan(10_000);
    }
  });
});
