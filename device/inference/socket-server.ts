import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { LynceusError } from "../../protocols/errors.ts";
import type { Log } from "../log.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import type { ToChild } from "./messages.ts";
import { forkedProcess, type OpenProcess } from "./process.ts";

/** Processes at once: the models that decide, and those that are tried beside them. */
export const MAX_CONNECTIONS = 4;
/** Bytes that may wait for a gateway that does not read. */
const MAX_UNSENT_BYTES = 64 << 20;
const STDERR_KEPT = 2000;
/** Only the owner: whoever may connect may have models loaded. */
const OWNER_ONLY = 0o177;

const KINDS: ReadonlySet<unknown> = new Set(["load", "analyse", "assess", "remember"]);

/**
 * Serves analysis processes on a Unix socket, one for each connection: it is started when a gateway connects and killed when the
 * connection ends, whatever it is doing then. This process itself never runs a model, so that it always hears of that.
 */
export class InferenceServer {
  readonly #path: string;
  readonly #log: Log;
  readonly #open: OpenProcess;
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;

  constructor(options: { path: string; log: Log; open?: OpenProcess }) {
    this.#path = options.path;
    this.#log = options.log;
    this.#open = options.open ?? forkedProcess;
  }

  /** Throws LYN_INFERENCE_SOCKET where it cannot listen there. */
  async start(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    try {
      if (await answers(this.#path)) throw new Error("another process listens there");
      await rm(this.#path, { force: true });
      await listen(server, this.#path);
    } catch (cause) {
      throw new LynceusError(
        "LYN_INFERENCE_SOCKET",
        `No analysis process can be offered at ${this.#path}: ${(cause as Error).message}`,
        {
          remedy: "Name a path in a folder that exists and that this user may write, for one process only.",
          cause,
        },
      );
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null || !server.listening) return;
    for (const socket of this.#connections) socket.destroy();
    server.close();
    await once(server, "close");
  }

  #serve(socket: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      this.#log.warn({ limit: MAX_CONNECTIONS }, "too many connections; this one is refused");
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    let stderr = "";
    const say = (message: unknown) => {
      if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
      else if (!socket.destroyed) socket.write(encodeFrame(message));
    };
    const models = this.#open({
      onMessage: say,
      onStderr: (text) => {
        stderr = (stderr + text).slice(-STDERR_KEPT);
      },
      onEnd: (reason) => {
        say({ type: "lost", reason: reason.slice(0, 500), stderr });
        socket.end();
      },
    });
    const reader = new FrameReader();
    socket.on("data", (chunk: Uint8Array) => {
      try {
        for (const message of reader.push(chunk)) models.send(readQuestion(message), () => socket.destroy());
      } catch (error) {
        this.#log.warn(
          { why: (error as Error).message },
          "a connection says what nobody understands; it is closed",
        );
        socket.destroy();
      }
    });
    socket.on("error", (error) => this.#log.debug({ why: error.message }, "a connection broke"));
    socket.on("close", () => {
      models.kill();
      // Until it is gone it has its memory: the next one waits for a place.
      void models.gone.then(() => this.#connections.delete(socket));
    });
  }
}

function readQuestion(message: unknown): ToChild {
  const { type } = (typeof message === "object" && message !== null ? message : {}) as { type?: unknown };
  if (KINDS.has(type)) return message as ToChild;
  throw new Error("a message of no known type");
}

/** The socket is made for its owner alone, from the first moment on. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(OWNER_ONLY);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, "listening");
}

/** Whether somebody listens; a socket that a killed process left behind does not answer. */
async function answers(path: string): Promise<boolean> {
  const socket = createConnection({ path });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
