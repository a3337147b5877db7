import type { ModbusRTU } from "modbus-serial/ModbusRTU.js";
import { LynceusError } from "../../protocols/errors.ts";
import { ModbusReplay } from "./modbus-replay.ts";
import { replaySettings } from "./open.ts";
import type { Link, Transport } from "./port.ts";
import { away, type ReplaySettings } from "./replay.ts";

/** The library calls back once its socket is closed; one that is gone already never is again, ms. */
const CLOSE_MS = 100;

/** How a Modbus device is reached: by TCP, RTU over a serial line (8N1) or over TCP, or as a recording of it. */
export type ModbusAddress =
  | { readonly over: "tcp"; readonly host: string; readonly port: number }
  | { readonly over: "rtu"; readonly path: string; readonly baud: number }
  | { readonly over: "rtu-tcp"; readonly host: string; readonly port: number }
  | { readonly over: "replay"; readonly settings: ReplaySettings };

/** One connection to a Modbus device. Requests reject when the device does not answer or refuses. */
export interface ModbusLink extends Link {
  readonly client: Pick<
    ModbusRTU,
    "readHoldingRegisters" | "readInputRegisters" | "readDiscreteInputs" | "readCoils" | "writeCoil"
  >;
}

export interface ModbusOptions {
  readonly url: string;
  readonly address: ModbusAddress;
  readonly unit: number;
  /** A device that does not answer a request within this is lost, ms. */
  readonly requestMs: number;
}

/** Opens {@link ModbusLink}s. The library is loaded at first use. */
export function modbusTransport(
  options: ModbusOptions,
): Transport & { open(signal: AbortSignal): Promise<ModbusLink> } {
  const { url, address } = options;
  const replay = address.over === "replay" ? new ModbusReplay(address.settings) : null;
  return {
    url,
    passive: false,
    open: (signal) => (replay === null ? connect(options, signal) : connectToReplay(options, replay, signal)),
  };
}

/** The next recorded link; after the last one the device stays away. */
async function connectToReplay(
  options: ModbusOptions,
  replay: ModbusReplay,
  signal: AbortSignal,
): Promise<ModbusLink> {
  const device = await replay.open();
  if (device === null) return away(signal);
  try {
    const address = { over: "tcp", host: "127.0.0.1", port: device.port } as const;
    const link = await connect({ ...options, address }, signal);
    const close = async () => {
      await link.close();
      device.close();
    };
    return { ...link, close };
  } catch (error) {
    device.close();
    throw error;
  }
}

/**
 * Reads a Modbus URL: `tcp://HOST:PORT[?unit=N]`, `serial:///dev/NAME?baud=N[&unit=N]`, or `replay://FILE[?device=ID][&speed=N][&unit=N]`.
 * @throws LynceusError `LYN_TRANSPORT_URL`.
 */
export function modbusAddress(url: string): { readonly address: ModbusAddress; readonly unit: number } {
  const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@[\]\s]+)):(\d{1,5})\/?(?:\?(.*))?$/.exec(url);
  const serial = /^serial:\/\/(\/[^?#\s]+)(?:\?([^#\s]*))?$/.exec(url);
  const replay = /^replay:\/\/[^?#]+(?:\?([^#\s]*))?$/.exec(url);
  const query = new URLSearchParams(tcp?.[4] ?? serial?.[2] ?? replay?.[1] ?? "");
  const unit = Number(query.get("unit") ?? 1);
  const port = Number(tcp?.[3] ?? 1);
  const baud = Number(query.get("baud") ?? 19_200);
  const path = serial?.[1];
  const host = tcp?.[1] ?? tcp?.[2];
  const known = [unit >= 0 && unit <= 247, port > 0 && port < 65_536, baud >= 300 && baud <= 4_000_000];
  if (known.every(Boolean) && host !== undefined) return { address: { over: "tcp", host, port }, unit };
  if (known.every(Boolean) && path !== undefined) return { address: { over: "rtu", path, baud }, unit };
  if (known.every(Boolean) && replay !== null)
    return { address: { over: "replay", settings: replaySettings(url, ["unit"]) }, unit };
  throw new LynceusError("LYN_TRANSPORT_URL", `Transport "${url}" is no Modbus device`, {
    remedy: "Use tcp://HOST:PORT?unit=1, serial:///dev/ttyUSB0?baud=19200&unit=1 or replay://FILE?device=ID",
    details: { url },
  });
}

async function connect(options: ModbusOptions, signal: AbortSignal): Promise<ModbusLink> {
  const { url, address, unit, requestMs } = options;
  // A CommonJS module: the class is its default's default.
  const { default: library } = await import("modbus-serial");
  signal.throwIfAborted();
  const client = new library.default();
  try {
    await connected(client, address, requestMs);
  } catch (cause) {
    throw unreachable(url, cause);
  }
  client.setID(unit);
  client.setTimeout(requestMs);
  const link = linkOf(client, `modbus ${url}`);
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

function connected(client: ModbusRTU, address: ModbusAddress, timeout: number): Promise<void> {
  switch (address.over) {
    case "tcp":
      return client.connectTCP(address.host, { port: address.port, timeout });
    case "rtu-tcp":
      // What the library calls telnet carries RTU frames as they are; its TCP with "RTU" in the name does not.
      return client.connectTelnet(address.host, { port: address.port });
    case "rtu":
      return client.connectRTUBuffered(address.path, { baudRate: address.baud });
    case "replay":
      return Promise.reject(new Error("a recording is played by a device of its own"));
  }
}

/** The streams carry nothing: requests and answers are the library's. `source` ends with the connection. */
function linkOf(client: ModbusRTU, peer: string): ModbusLink {
  const ended = Promise.withResolvers<void>();
  client.on("close", () => ended.resolve());
  client.on("error", () => ended.resolve());
  return {
    peer,
    source: new ReadableStream({ start: (controller) => void ended.promise.then(() => controller.close()) }),
    sink: new WritableStream(),
    client,
    close: () =>
      new Promise((resolve) => {
        ended.resolve();
        client.close(() => resolve());
        setTimeout(resolve, CLOSE_MS);
      }),
  };
}

function unreachable(url: string, cause: unknown): LynceusError {
  const { message, errno } = cause as { message?: string; errno?: unknown };
  const code = (cause as NodeJS.ErrnoException).code ?? (typeof errno === "string" ? errno : null);
  return new LynceusError("LYN_LINK_UNREACHABLE", `${url}: ${message ?? "no connection"}`, {
    remedy: "Check that the device is on, its address and unit are right and no firewall is between",
    details: { url, errno: code },
    cause,
  });
}
