import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseMtSicsLine } from "../../protocols/mt-sics.ts";
import { BarcodeReader } from "../../simulator/peripherals/barcode-reader.ts";
import { LineServer, MAX_CLIENTS, MAX_LINE_BYTES } from "../../simulator/peripherals/line-server.ts";
import { Scale } from "../../simulator/peripherals/scale.ts";
import { CAPACITY_KG } from "../../simulator/peripherals/scale-session.ts";
import { SETTLE_MS } from "../../simulator/peripherals/weighing.ts";
import { until } from "../fixtures/processes.ts";

const ANY_PORT = { host: "127.0.0.1", port: 0 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client of a serial server: sends lines, keeps what comes, split at CR LF. */
class Client {
  readonly socket: Socket;
  #text = "";

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk) => {
      this.#text += chunk.toString("latin1");
    });
  }

  get lines(): readonly string[] {
    return this.#text.split("\r\n").slice(0, -1);
  }

  send(line: string): void {
    this.socket.write(`${line}\r\n`);
  }

  async ask(line: string, answers = 1): Promise<readonly string[]> {
    const before = this.lines.length;
    this.send(line);
    await until(`the answer to ${line}`, 5000, () => this.lines.length >= before + answers);
    return this.lines.slice(before, before + answers);
  }
}

describe("the simulated scale", () => {
  let scale: Scale;
  let client: Client;

  beforeEach(async () => {
    scale = new Scale({ address: ANY_PORT, seed: 1, serial: "SIM-1" });
    const { port } = await scale.start();
    client = new Client(port);
    await once(client.socket, "connect");
  });
  afterEach(async () => {
    client.socket.destroy();
    await scale.stop();
  });

  it("shows nothing when nothing lies on it, in the ten columns of the reference manual", async () => {
    expect(await client.ask("S")).toEqual(["S S      0.000 kg"]);
    expect(await client.ask("SI")).toEqual(["S S      0.000 kg"]);
  });

  it("is dynamic first, then shows the weight of the item until it leaves", async () => {
    scale.put(1.8437);
    const [first] = await client.ask("SI");
    expect(first).toMatch(/^S D /);
    const [stable] = await client.ask("S");
    expect(parseMtSicsLine(stable ?? "")).toMatchObject({ kind: "mass", stable: true, massKg: 1.844 });
    scale.put(0);
    await pause(SETTLE_MS + 50);
    expect(await client.ask("SI")).toEqual(["S S      0.000 kg"]);
  });

  it("repeats with SIR until another command comes", async () => {
    await client.ask("SIR", 3);
    await client.ask("@");
    await pause(50);
    const count = client.lines.length;
    await pause(300);
    expect(client.lines).toHaveLength(count);
    expect(client.lines.at(-1)).toBe('I4 A "SIM-1"');
  });

  it("tells of changes with SR and of the next stable weight with SNR", async () => {
    await client.ask("SR");
    scale.put(2);
    await until("the change", 5000, () => client.lines.length >= 3);
    expect(client.lines[1]).toMatch(/^S D /);
    expect(client.lines[2]).toBe("S S      2.000 kg");
    await client.ask("SNR");
    scale.put(3);
    await until("the change", 5000, () => client.lines.length >= 5);
    expect(client.lines.slice(4)).toEqual(["S S      3.000 kg"]);
    expect(await client.ask("SNR 1 oz")).toEqual(["SNR L"]);
    const [again] = await client.ask("SNR 500 g");
    expect(again).toBe("S S      3.000 kg");
    scale.put(3.2);
    await pause(SETTLE_MS + 100);
    expect(client.lines.at(-1)).toBe("S S      3.000 kg");
  });

  it("tares, zeroes and says when it cannot", async () => {
    scale.put(5);
    expect(await client.ask("T")).toEqual(["T S      5.000 kg"]);
    expect(await client.ask("SI")).toEqual(["S S      0.000 kg"]);
    expect(await client.ask("TA")).toEqual(["TA A      5.000 kg"]);
    expect(await client.ask("TAC")).toEqual(["TAC A"]);
    expect(await client.ask("Z")).toEqual(["Z +"]);
    scale.put(0.5);
    expect(await client.ask("ZI")).toEqual([expect.stringMatching(/^ZI [SD+]$/)]);
    expect(await client.ask("Z")).toEqual(["Z A"]);
    expect(await client.ask("SI")).toEqual(["S S      0.000 kg"]);
    scale.put(CAPACITY_KG + 2);
    await pause(SETTLE_MS + 20);
    expect(await client.ask("SI")).toEqual(["S +"]);
  });

  it("names itself and its commands, and answers nonsense with ES", async () => {
    const list = await client.ask("I0", 20);
    expect(list[0]).toBe('I0 B 0 "I0"');
    expect(list[19]).toMatch(/^I0 A /);
    for (const command of ["I1", "I2", "I3", "I4"]) {
      const [answer] = await client.ask(command);
      expect(parseMtSicsLine(answer ?? "")).toMatchObject({ kind: "text", command, last: true });
    }
    expect(await client.ask("WEIGH!")).toEqual(["ES"]);
    expect(await client.ask("s")).toEqual(["ES"]);
  });

  it("answers with lines that the protocol room can read, whatever is asked", async () => {
    scale.put(7.5);
    for (const command of [
      "S",
      "SI",
      "SU",
      "SIU",
      "Z",
      "ZI",
      "T",
      "TI",
      "TA",
      "TA 1 kg",
      "TAC",
      "@",
      "I4",
      "XX",
    ]) {
      const [answer] = await client.ask(command);
      expect(() => parseMtSicsLine(answer ?? ""), `${command}: ${answer}`).not.toThrow();
    }
  });
});

describe("the simulated barcode reader", () => {
  it("pushes the label with its AIM identifier to whoever listens", async () => {
    const reader = new BarcodeReader({ address: ANY_PORT });
    const { port } = await reader.start();
    reader.read("]C0RR473124829GB");
    const client = new Client(port);
    expect(await reader.untilClient(5000, new AbortController().signal)).toBe(true);
    reader.read("]C100006141411234567890");
    await until("the label", 5000, () => client.lines.length > 0);
    expect(client.lines).toEqual(["]C100006141411234567890"]);
    client.socket.destroy();
    await reader.stop();
  });

  it("does not wait for a listener for ever", async () => {
    const reader = new BarcodeReader({ address: ANY_PORT });
    await reader.start();
    expect(await reader.untilClient(20, new AbortController().signal)).toBe(false);
    await reader.stop();
  });
});

describe("the line server behind both", () => {
  it("takes so many clients and no more", async () => {
    const server = new LineServer({ address: ANY_PORT, onClient: () => () => {} });
    const { port } = await server.start();
    const clients = Array.from({ length: MAX_CLIENTS + 1 }, () => new Client(port));
    const closed = once(clients.at(-1)?.socket as Socket, "close");
    await closed;
    expect(server.clients).toBe(MAX_CLIENTS);
    for (const client of clients) client.socket.destroy();
    await server.stop();
  });

  it("cuts off a client that takes nothing", async () => {
    const server = new LineServer({ address: ANY_PORT, onClient: () => () => {} });
    const { port } = await server.start();
    const client = new Client(port);
    expect(await server.untilClient(5000, new AbortController().signal)).toBe(true);
    client.socket.pause();
    // The kernel's buffers of both sides take some megabytes first.
    await until("the client to be cut off", 30_000, () => {
      for (let n = 0; n < 200; n++) server.broadcast("x".repeat(1000));
      return server.clients === 0;
    });
    client.socket.destroy();
    await server.stop();
  });

  it("cuts a line that is too long and goes on with the next", async () => {
    const lines: string[] = [];
    const server = new LineServer({ address: ANY_PORT, onClient: () => (line) => lines.push(line) });
    const { port } = await server.start();
    const client = new Client(port);
    client.send("X".repeat(MAX_LINE_BYTES * 3));
    client.socket.write("\n\rSI\n");
    await until("two lines", 5000, () => lines.length === 2);
    expect(lines).toEqual(["X".repeat(MAX_LINE_BYTES), "SI"]);
    client.socket.destroy();
    await server.stop();
  });
});
