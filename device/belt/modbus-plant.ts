import type { ModbusRTU } from "modbus-serial/ModbusRTU.js";
import { LynceusError } from "../../protocols/errors.ts";
import type { Link, Transport } from "../transport/port.ts";
import { type BeltMap, type EncoderSignal, spanOf } from "./map.ts";

/** A plant that does not answer a request within this is lost, ms. */
const REQUEST_MS = 500;
/** The library calls back once its socket is closed; one that is gone already never is again, ms. */
const CLOSE_MS = 100;

/** How a plant is reached. */
export type PlantAddress =
  | { readonly over: "tcp"; readonly host: string; readonly port: number }
  | { readonly over: "rtu"; readonly path: string; readonly baud: number };

/** One Modbus connection to a plant. */
export interface PlantLink extends Link {
  /** The bits of the map by their names. */
  readInputs(map: BeltMap): Promise<ReadonlyMap<string, boolean>>;
  readEncoder(encoder: EncoderSignal): Promise<readonly number[]>;
  writeCoil(address: number, on: boolean): Promise<void>;
}

/** Opens {@link PlantLink}s over Modbus TCP or RTU. The library is loaded at first use. */
export function plantTransport(options: {
  readonly url: string;
  readonly address: PlantAddress;
  readonly unit: number;
}): Transport & { open(signal: AbortSignal): Promise<PlantLink> } {
  return { url: options.url, passive: false, open: (signal) => connect(options, signal) };
}

/**
 * Reads a plant's URL: `tcp://HOST:PORT[?unit=N]`, or `serial:///dev/NAME?baud=N[&unit=N]` for RTU (8N1).
 * @throws LynceusError `LYN_TRANSPORT_URL`.
 */
export function plantAddress(url: string): { readonly address: PlantAddress; readonly unit: number } {
  const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@[\]\s]+)):(\d{1,5})\/?(?:\?(.*))?$/.exec(url);
  const serial = /^serial:\/\/(\/[^?#\s]+)(?:\?([^#\s]*))?$/.exec(url);
  const query = new URLSearchParams(tcp?.[4] ?? serial?.[2] ?? "");
  const unit = Number(query.get("unit") ?? 1);
  const port = Number(tcp?.[3] ?? 1);
  const baud = Number(query.get("baud") ?? 19_200);
  const path = serial?.[1];
  const host = tcp?.[1] ?? tcp?.[2];
  const known = [unit >= 0 && unit <= 247, port > 0 && port < 65_536, baud >= 300 && baud <= 4_000_000];
  if (known.every(Boolean) && host !== undefined) return { address: { over: "tcp", host, port }, unit };
  if (known.every(Boolean) && path !== undefined) return { address: { over: "rtu", path, baud }, unit };
  throw new LynceusError("LYN_TRANSPORT_URL", `Transport "${url}" is no Modbus plant`, {
    remedy: "Use tcp://HOST:PORT?unit=1 or serial:///dev/ttyUSB0?baud=19200&unit=1",
    details: { url },
  });
}

async function connect(
  options: { readonly url: string; readonly address: PlantAddress; readonly unit: number },
  signal: AbortSignal,
): Promise<PlantLink> {
  const { url, address, unit } = options;
  // A CommonJS module: the class is its default's default.
  const { default: library } = await import("modbus-serial");
  signal.throwIfAborted();
  const client = new library.default();
  try {
    if (address.over === "tcp")
      await client.connectTCP(address.host, { port: address.port, timeout: REQUEST_MS });
    else await client.connectRTUBuffered(address.path, { baudRate: address.baud });
  } catch (cause) {
    throw unreachable(url, cause);
  }
  client.setID(unit);
  client.setTimeout(REQUEST_MS);
  const link = linkOf(client, `modbus ${url}`);
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

/** The streams carry nothing: requests and answers are the library's. `source` ends with the connection. */
function linkOf(client: ModbusRTU, peer: string): PlantLink {
  const ended = Promise.withResolvers<void>();
  client.on("close", () => ended.resolve());
  client.on("error", () => ended.resolve());
  return {
    peer,
    source: new ReadableStream({ start: (controller) => void ended.promise.then(() => controller.close()) }),
    sink: new WritableStream(),
    readInputs: (map) => readInputs(client, map),
    readEncoder: async ({ table, address, bits }) => {
      const count = bits / 16;
      const read = table === "holding" ? client.readHoldingRegisters : client.readInputRegisters;
      return (await read.call(client, address, count)).data;
    },
    writeCoil: async (address, on) => {
      await client.writeCoil(address, on);
    },
    close: () =>
      new Promise((resolve) => {
        ended.resolve();
        client.close(() => resolve());
        setTimeout(resolve, CLOSE_MS);
      }),
  };
}

async function readInputs(client: ModbusRTU, map: BeltMap): Promise<ReadonlyMap<string, boolean>> {
  const bits = new Map<string, boolean>();
  for (const table of ["input", "coil"] as const) {
    const span = spanOf(map, table);
    if (span === null) continue;
    const read = table === "input" ? client.readDiscreteInputs : client.readCoils;
    const { data } = await read.call(client, span.from, span.count);
    for (const [name, signal] of [
      ["running", map.running],
      ["estop", map.estop],
      ["reset", map.reset],
      ...map.eyes,
    ] as const) {
      if (signal?.table === table) bits.set(name, data[signal.address - span.from] !== signal.inverted);
    }
  }
  return bits;
}

function unreachable(url: string, cause: unknown): LynceusError {
  const { message, errno } = cause as { message?: string; errno?: unknown };
  const code = (cause as NodeJS.ErrnoException).code ?? (typeof errno === "string" ? errno : null);
  return new LynceusError("LYN_LINK_UNREACHABLE", `${url}: ${message ?? "no connection"}`, {
    remedy:
      "Check that the plant's controller is on, its address and unit are right and no firewall is between",
    details: { url, errno: code },
    cause,
  });
}
