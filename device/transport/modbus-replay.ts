import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { RecordingEntry } from "./recording.ts";
import { playback, type ReplaySettings } from "./replay.ts";

/** Bytes of a Modbus TCP header up to its length, and the most that may follow. */
const HEADER = 6;
const MAX_BODY = 260;
/** A recorded link ends this long after its last answer, ms. */
const TAIL_MS = 500;
/** Answers kept of one link, at most: half an hour of a plant that is polled every 20 ms, three requests a poll. */
export const MAX_ANSWERS = 300_000;
const WRITE_COIL = 5;
/** "Slave device failure": what is asked was never recorded. */
const NEVER_ASKED = 4;

/** What a device said to one request, ms after its link opened. Frames are unit, function and data, without header and checksum. */
interface Answer {
  readonly t: number;
  readonly frame: Uint8Array;
}

/** A recorded Modbus link: every request with its answers, in their order. */
interface RecordedLink {
  readonly answers: ReadonlyMap<string, readonly Answer[]>;
  readonly endsAt: number;
}

/** A device that a recording plays, on a port of this machine; it ends with `close`. */
export interface ReplayedDevice {
  readonly port: number;
  close(): void;
}

/** Reads recorded Modbus links one after another; null once they are over. */
export class ModbusReplay {
  readonly #settings: ReplaySettings;
  readonly #entries: AsyncGenerator<RecordingEntry>;
  #next: Extract<RecordingEntry, { event: "open" }> | null = null;

  constructor(settings: ReplaySettings) {
    this.#settings = settings;
    this.#entries = playback(settings);
  }

  /** Serves the next recorded link. @throws LynceusError `LYN_RECORDING`. */
  async open(): Promise<ReplayedDevice | null> {
    const link = await this.#read();
    return link === null ? null : serve(link, this.#settings.speed);
  }

  async #read(): Promise<RecordedLink | null> {
    let opened = this.#next;
    this.#next = null;
    const heard: Exclude<RecordingEntry, { event: "open" }>[] = [];
    for (;;) {
      const { value: entry, done } = await this.#entries.next();
      if (done === true || entry.event === "close") break;
      if (entry.event !== "open") heard.push(entry);
      else if (opened === null) opened = entry;
      else {
        this.#next = entry;
        break;
      }
      if (heard.length >= 2 * MAX_ANSWERS) break;
    }
    if (opened === null) return null;
    return linkOf(heard, opened.t, opened.peer.startsWith("serial") ? "rtu" : "tcp");
  }
}

function linkOf(
  heard: readonly Exclude<RecordingEntry, { event: "open" }>[],
  began: number,
  framing: "tcp" | "rtu",
): RecordedLink {
  const answers = new Map<string, Answer[]>();
  const pairs = framing === "tcp" ? pairsOfTcp(heard) : pairsOfRtu(heard);
  let endsAt = 0;
  for (const { t, request, frame } of pairs) {
    const key = Buffer.from(request).toString("hex");
    const own = answers.get(key) ?? [];
    own.push({ t: t - began, frame });
    answers.set(key, own);
    endsAt = t - began;
  }
  return { answers, endsAt };
}

type Heard = Exclude<RecordingEntry, { event: "open" }>;
interface Pair {
  readonly t: number;
  readonly request: Uint8Array;
  readonly frame: Uint8Array;
}

/** Requests and answers belong together by the number in their headers. */
function* pairsOfTcp(heard: readonly Heard[]): Generator<Pair> {
  const asked = new Map<number, Uint8Array>();
  const [sent, received] = [new TcpFrames(), new TcpFrames()];
  for (const entry of heard) {
    if (entry.event === "close") continue;
    const frames = entry.event === "out" ? sent : received;
    for (const { transaction, body } of frames.take(Buffer.from(entry.bytes, "base64"))) {
      if (entry.event === "out") asked.set(transaction, body);
      const request = asked.get(transaction);
      if (entry.event === "in" && request !== undefined) yield { t: entry.t, request, frame: body };
    }
  }
}

/** On a line one speaks at a time: what comes until the next request is the answer. The last two bytes are the checksum. */
function* pairsOfRtu(heard: readonly Heard[]): Generator<Pair> {
  let request: Uint8Array | null = null;
  let answer = new Uint8Array();
  let t = 0;
  for (const entry of [...heard, null]) {
    if (entry === null || entry.event === "out") {
      if (request !== null && answer.length > 4) yield { t, request, frame: answer.subarray(0, -2) };
      if (entry === null) return;
      request = Buffer.from(entry.bytes, "base64").subarray(0, -2);
      answer = new Uint8Array();
    } else if (entry.event === "in" && answer.length <= MAX_BODY) {
      answer = Buffer.concat([answer, Buffer.from(entry.bytes, "base64")]);
      t = entry.t;
    }
  }
}

/** Cuts a stream into Modbus TCP frames; a length that none can have empties it. */
class TcpFrames {
  #rest = Buffer.alloc(0);

  *take(chunk: Uint8Array): Generator<{ transaction: number; body: Uint8Array }> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER) {
      const length = this.#rest.readUInt16BE(4);
      if (length < 2 || length > MAX_BODY) this.#rest = Buffer.alloc(0);
      if (this.#rest.length < HEADER + length) return;
      const transaction = this.#rest.readUInt16BE(0);
      yield { transaction, body: new Uint8Array(this.#rest.subarray(HEADER, HEADER + length)) };
      this.#rest = this.#rest.subarray(HEADER + length);
    }
  }
}

/** The device as it was at each time: a request is answered as it last was by then, with `speed` 0 as it was the next time. */
async function serve(link: RecordedLink, speed: number): Promise<ReplayedDevice> {
  const began = performance.now();
  const turns = new Map<string, number>();
  let over: NodeJS.Timeout | undefined;
  const answerTo = (request: Uint8Array): Uint8Array | null => {
    const key = Buffer.from(request).toString("hex");
    const own = link.answers.get(key);
    if (own === undefined) return neverAsked(request);
    if (speed > 0) {
      const now = (performance.now() - began) * speed;
      return (own.findLast(({ t }) => t <= now) ?? own[0])?.frame ?? null;
    }
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return own[turn]?.frame ?? null;
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    const frames = new TcpFrames();
    socket.on("data", (chunk) => {
      for (const { transaction, body } of frames.take(chunk)) {
        const answer = answerTo(body);
        if (answer === null) close();
        else socket.write(framed(transaction, answer));
      }
    });
  });
  const close = () => {
    clearTimeout(over);
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  if (speed > 0) over = setTimeout(close, link.endsAt / speed + TAIL_MS).unref();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: portOf(server), close };
}

/** Who asks what was not recorded is told that a coil is set, and that anything else is not there. */
function neverAsked(request: Uint8Array): Uint8Array {
  const [unit = 0, code = 0] = request;
  return code === WRITE_COIL ? request : new Uint8Array([unit, code | 0x80, NEVER_ASKED]);
}

function framed(transaction: number, body: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(HEADER + body.length);
  frame.writeUInt16BE(transaction, 0);
  frame.writeUInt16BE(body.length, 4);
  frame.set(body, HEADER);
  return frame;
}

export function portOf(server: Server): number {
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? bound.port : 0;
}
