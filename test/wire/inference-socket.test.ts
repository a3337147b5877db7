import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from "../../device/inference/frames.ts";
import type { AnalysisRequest } from "../../device/inference/port.ts";
import { type AnalysisProcess, forkedProcess } from "../../device/inference/process.ts";
import { socketProcess } from "../../device/inference/socket-process.ts";
import { InferenceServer, MAX_CONNECTIONS } from "../../device/inference/socket-server.ts";
import { type InferenceLimits, InferenceSupervisor } from "../../device/inference/supervisor.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { parcelPlane, temporaryFolder } from "../fixtures/image-files.ts";
import { startLynceus, until } from "../fixtures/processes.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { BLADE_MODEL, writeTinyModel } from "../fixtures/tiny-model.ts";

const NEVER = new AbortController().signal;
const [WIDTH, HEIGHT, AIR] = [48, 64, 60_000];
const MINUTE = 60_000;

describe("models behind a Unix socket", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path = "";
  const processes: AnalysisProcess[] = [];
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = join(folder.path, "inference.sock");
    await writeTinyModel(folder.path, BLADE_MODEL);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    processes.length = 0;
    await folder[Symbol.asyncDispose]();
  });

  async function serve(): Promise<InferenceServer> {
    const server = new InferenceServer({
      path,
      log: SILENT_LOG,
      open: (events) => {
        const one = forkedProcess(events);
        processes.push(one);
        return one;
      },
    });
    await server.start();
    ends.push(() => server.stop());
    return server;
  }

  async function supervise(limits: Partial<InferenceLimits> = {}): Promise<InferenceSupervisor> {
    const supervisor = new InferenceSupervisor({
      models: { names: ["threat-detector"], folders: [folder.path] },
      log: SILENT_LOG,
      limits: { readyMs: MINUTE, analysisMs: MINUTE, backoff: { baseMs: 10, maxMs: 100 }, ...limits },
      open: socketProcess(path),
    });
    ends.push(() => supervisor.stop());
    await supervisor.start();
    return supervisor;
  }

  async function storedScan(): Promise<AnalysisRequest> {
    for (const [file, through] of [
      ["0.raw", 0.3],
      ["1.raw", 0.5],
    ] as const)
      await writeFile(
        join(folder.path, file),
        new Uint8Array(parcelPlane(WIDTH, HEIGHT, AIR, through).buffer),
      );
    const plane = {
      view: 0,
      width: WIDTH,
      height: HEIGHT,
      layout: "rows",
      format: "u16",
      bytes: WIDTH * HEIGHT * 2,
    } as const;
    return {
      scanId: "019ca000-0000-7000-8000-000000000001",
      directory: folder.path,
      kind: "dual-energy",
      airLevel: AIR,
      views: [{ view: 0, name: "top", width: WIDTH, height: HEIGHT, pixelPitchMm: null, energies: [0, 1] }],
      planes: [
        { ...plane, energy: 0, file: "0.raw" },
        { ...plane, energy: 1, file: "1.raw" },
      ],
    };
  }

  /** A peer that takes connections and is none of ours. */
  async function impostor(answer: (socket: Socket) => void): Promise<Server> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      answer(socket);
    });
    server.listen(path);
    await once(server, "listening");
    ends.push(async () => {
      server.close();
    });
    return server;
  }

  const ready = (supervisor: InferenceSupervisor) =>
    until("the models", 2 * MINUTE, () => supervisor.state.state === "ready");

  it(
    "answer as those of a child do, and are replaced when their process is killed or stuck",
    async () => {
      await serve();
      const supervisor = await supervise({ analysisMs: 8000 });
      await ready(supervisor);
      expect(supervisor.state.models).toMatchObject([{ name: "threat-detector" }]);
      const scan = await storedScan();
      expect(await supervisor.analyse(scan, NEVER)).toMatchObject({ analysed: true, problems: [] });

      process.kill(processes.at(-1)?.pid ?? 0, "SIGKILL");
      await until("another process", 2 * MINUTE, () => processes.length > 1);
      await ready(supervisor);
      expect(await supervisor.analyse(scan, NEVER)).toMatchObject({ analysed: true });

      const stuck = processes.at(-1);
      process.kill(stuck?.pid ?? 0, "SIGSTOP");
      expect(await supervisor.analyse(scan, NEVER)).toMatchObject({ analysed: true });
      await stuck?.gone; // the server killed it when the gateway gave it up
      expect(supervisor.state.restarts).toBeGreaterThanOrEqual(2);
    },
    5 * MINUTE,
  );

  it(
    "may be absent: a state, until somebody listens",
    async () => {
      const supervisor = await supervise({ budget: 3 });
      await until("the fault", MINUTE, () => supervisor.state.state === "fault");
      const scan = await storedScan();
      expect(await supervisor.analyse(scan, NEVER)).toMatchObject({ analysed: false });
      await serve();
      await ready(supervisor);
      expect(await supervisor.analyse(scan, NEVER)).toMatchObject({ analysed: true });
    },
    5 * MINUTE,
  );

  it.each<[string, Uint8Array | "silence"]>([
    [
      "garbage",
      new TextEncoder().encode("\u0000\u0001\u0000\u0000nonsense that is no JSON at all".repeat(20)),
    ],
    ["an endless message", new Uint8Array(new Uint32Array([MAX_FRAME_BYTES + 1]).buffer)],
    ["an answer without a form", encodeFrame({ type: "ready", models: "all of them" })],
    ["an answer to nothing", encodeFrame({ type: "analysed", id: 7, analysis: {}, residentBytes: 1 })],
    ["nothing", "silence"],
  ])(
    "that say %s are given up, and the gateway goes on",
    async (_, bytes) => {
      await impostor((socket) => {
        if (bytes !== "silence") socket.write(bytes);
      });
      const supervisor = await supervise({ budget: 2, readyMs: 300 });
      await until("the fault", MINUTE, () => supervisor.state.state === "fault");
      const analysis = await supervisor.analyse(await storedScan(), NEVER);
      expect(analysis).toMatchObject({ analysed: false, problems: [{ code: "MODEL_FAULT" }] });
    },
    2 * MINUTE,
  );

  it(
    "close a connection that says what nobody understands, and serve the next",
    async () => {
      await serve();
      for (const bytes of [
        encodeFrame({ type: "shell", command: "id" }),
        encodeFrame([1]),
        new TextEncoder().encode("x".repeat(100)),
        new Uint8Array(new Uint32Array([0xffff_ffff]).buffer),
      ]) {
        const socket = createConnection({ path });
        socket.on("error", () => {});
        await once(socket, "connect");
        socket.write(bytes);
        socket.resume();
        await once(socket, "close");
      }
      const supervisor = await supervise();
      await ready(supervisor);
    },
    3 * MINUTE,
  );

  it("have room for a few connections only", async () => {
    const server = new InferenceServer({
      path,
      log: SILENT_LOG,
      open: () => ({ pid: null, send: () => {}, kill: () => {}, gone: Promise.resolve() }),
    });
    await server.start();
    ends.push(() => server.stop());
    const sockets = Array.from({ length: MAX_CONNECTIONS + 1 }, () => createConnection({ path }));
    for (const socket of sockets) socket.on("error", () => {}).resume();
    const closed = sockets.map((socket) => once(socket, "close").then(() => socket));
    expect(await Promise.race(closed)).toBe(sockets.at(-1));
    for (const socket of sockets) socket.destroy();
  });

  it(
    "are for their own user alone, and for one process",
    async () => {
      await serve();
      expect(statSync(path).mode & 0o777).toBe(0o600);
      await expect(serve()).rejects.toMatchObject({ code: "LYN_INFERENCE_SOCKET" });
      if (process.getuid?.() !== 0) {
        console.log("not root: that another user is refused is not tried");
        return;
      }
      await chmod(folder.path, 0o755);
      const connect = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";
      const run = await runCommand(
        "setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", connect, path],
        { timeoutMs: MINUTE },
      );
      expect(run.code).not.toBe(0);
      expect(run.stderr).toMatch(/PermissionError/);
    },
    2 * MINUTE,
  );

  it(
    "are offered by `lynceus inference`, which ends when it is told to",
    async () => {
      const command = startLynceus(["inference", "--socket", path]);
      ends.push(async () => command.child.kill("SIGKILL"));
      await until("the socket", 2 * MINUTE, () => existsSync(path));
      const supervisor = await supervise();
      await ready(supervisor);
      expect(await supervisor.analyse(await storedScan(), NEVER)).toMatchObject({ analysed: true });
      await supervisor.stop();
      command.child.kill("SIGTERM");
      expect(await command.exited, command.stderr()).toBe(0);
      expect(existsSync(path)).toBe(false);
    },
    5 * MINUTE,
  );

  it("take the place of a socket that a killed process left behind", async () => {
    const bind = "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";
    const left = await runCommand("/usr/bin/python3", ["-c", bind, path], { timeoutMs: MINUTE });
    expect(left.code, left.stderr).toBe(0);
    await serve();
  });
});

describe("frames", () => {
  it("are read however they are cut", () => {
    const messages = [{ a: 1 }, { text: "é".repeat(1000) }, [], { b: [1, 2, 3] }];
    const bytes = Buffer.concat(messages.map(encodeFrame));
    for (const size of [1, 2, 3, 7, 64, 5000]) {
      const reader = new FrameReader();
      const read: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size)
        read.push(...reader.push(bytes.subarray(at, at + size)));
      expect(read).toEqual(messages);
    }
  });

  it("have a bound both ways", () => {
    const refused = expect.objectContaining({ code: "LYN_INFERENCE_SOCKET" });
    expect(() => encodeFrame("x".repeat(MAX_FRAME_BYTES))).toThrow(refused);
    expect(() => new FrameReader().push(new Uint8Array([255, 255, 255, 255]))).toThrow(refused);
    expect(() => new FrameReader().push(new Uint8Array([1, 0, 0, 0, 0x80]))).toThrow(refused);
  });
});
