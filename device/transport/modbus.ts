import type { ModbusRTU } from "modbus-serial/ModbusRTU.js";
import { LynceusError } from "../../protocols/errors.ts";
import type { Link, Transport } from "./port.ts";

/** The library calls back once its socket is closed; one that is gone already never is again, ms. */
const CLOSE_MS = 100;

/** How a Modbus device is reached: by TCP, or RTU over a serial line (8N1). */
export type ModbusAddress =
  | { readonly over: "tcp"; readonly host: string; readonly port: number }
  | { readonly over: "rtu"; readonly path: string; readonly baud: number };

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
  return { url: options.url, passive: false, open: (signal) => connect(options, signal) };
}

/**
 * Reads a Modbus URL: `tcp://HOST:PORT[?unit=N]`, or `serial:///dev/NAME?baud=N[&unit=N]`.
 * @throws LynceusError `LYN_TRANSPORT_URL`.
 */
export function modbusAddress(url: string): { readonly address: ModbusAddress; readonly unit: number } {
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
  throw new LynceusError("LYN_TRANSPORT_URL", `Transport "${url}" is no Modbus device`, {
    remedy: "Use tcp://HOST:PORT?unit=1 or serial:///dev/ttyUSB0?baud=19200&unit=1",
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
    if (address.over === "tcp")
      await client.connectTCP(address.host, { port: address.port, timeout: requestMs });
    else await client.connectRTUBuffered(address.path, { baudRate: address.baud });
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
