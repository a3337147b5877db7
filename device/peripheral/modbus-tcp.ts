import type { ModbusRTU } from "modbus-serial/ModbusRTU.js";
import { LynceusError } from "../../protocols/errors.ts";
import type { Link, Transport } from "../transport/port.ts";

/** A device that does not answer a request within this is lost, ms. */
const REQUEST_MS = 2_000;

/** Registers of a Modbus TCP device. The library is loaded at first use. */
export interface ModbusLink extends Link {
  /** Function code 3. Rejects when the device does not answer or refuses. */
  readHoldingRegisters(address: number, count: number): Promise<readonly number[]>;
}

/** `tcp://HOST:PORT` spoken to in Modbus: links of this transport are {@link ModbusLink}s. */
export function modbusTcpTransport(options: {
  readonly url: string;
  readonly unit: number;
}): Transport & { open(signal: AbortSignal): Promise<ModbusLink> } {
  return { url: options.url, passive: false, open: (signal) => connect(options, signal) };
}

async function connect(
  { url, unit }: { url: string; unit: number },
  signal: AbortSignal,
): Promise<ModbusLink> {
  const { hostname, port } = new URL(url.replace(/^tcp:/, "http:"));
  // A CommonJS module: the class is its default's default.
  const { default: library } = await import("modbus-serial");
  signal.throwIfAborted();
  const client = new library.default();
  try {
    await client.connectTCP(hostname.replace(/^\[|\]$/g, ""), {
      port: Number(port || 80),
      timeout: REQUEST_MS,
    });
  } catch (cause) {
    throw unreachable(url, cause);
  }
  client.setID(unit);
  client.setTimeout(REQUEST_MS);
  const link = linkOf(client, `modbus ${hostname}:${port}`);
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
    source: new ReadableStream({
      start: (controller) => void ended.promise.then(() => controller.close()),
    }),
    sink: new WritableStream(),
    readHoldingRegisters: async (address, count) => (await client.readHoldingRegisters(address, count)).data,
    close: () =>
      new Promise((resolve) => {
        ended.resolve();
        client.close(() => resolve());
        // The library calls back once the socket is closed; one that is gone already never is again.
        setTimeout(resolve, 100);
      }),
  };
}

function unreachable(url: string, cause: unknown): LynceusError {
  const { message, errno } = cause as { message?: string; errno?: unknown };
  const code = (cause as NodeJS.ErrnoException).code ?? (typeof errno === "string" ? errno : null);
  return new LynceusError("LYN_LINK_UNREACHABLE", `${url}: ${message ?? "no connection"}`, {
    remedy: "Check that the device is on, the address is right and no firewall is between",
    details: { url, errno: code },
    cause,
  });
}
