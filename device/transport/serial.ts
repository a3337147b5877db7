import type { SerialPort } from "serialport";
import { LynceusError } from "../../protocols/errors.ts";
import { duplexLink, READ_AHEAD_BYTES } from "./duplex.ts";
import type { Link, Transport } from "./port.ts";

/** Line settings of a serial port; 8N1 without handshake unless said. */
export interface SerialSettings {
  readonly path: string;
  readonly baud: number;
  readonly bits: 7 | 8;
  readonly parity: "none" | "even" | "odd";
  readonly stop: 1 | 2;
  readonly flow: "none" | "rtscts" | "xonxoff";
}

/** `serial:///dev/ttyUSB0?baud=9600[&bits=8][&parity=none][&stop=1][&flow=none]`. The library is loaded at first use. */
export function serialTransport(options: SerialSettings & { url: string }): Transport {
  return { url: options.url, passive: false, open: (signal) => openPort(options, signal) };
}

async function openPort(settings: SerialSettings, signal: AbortSignal): Promise<Link> {
  const { SerialPort } = await import("serialport");
  signal.throwIfAborted();
  const port = new SerialPort({
    path: settings.path,
    baudRate: settings.baud,
    dataBits: settings.bits,
    parity: settings.parity,
    stopBits: settings.stop,
    rtscts: settings.flow === "rtscts",
    xon: settings.flow === "xonxoff",
    xoff: settings.flow === "xonxoff",
    // Dropping DTR at close would reset many scales and readers.
    hupcl: false,
    autoOpen: false,
    endOnClose: true,
    highWaterMark: READ_AHEAD_BYTES,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((cause) => (cause ? reject(cannotOpen(settings.path, cause)) : resolve()));
  });
  const link = duplexLink(port, { peer: `serial ${settings.path}`, shut: () => closePort(port) });
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

function closePort(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (!port.isOpen) {
      resolve();
      return;
    }
    port.close(() => resolve());
  });
}

function cannotOpen(path: string, cause: Error): LynceusError {
  return new LynceusError("LYN_SERIAL_PORT", `Cannot open ${path}: ${cause.message}`, {
    remedy:
      "Check that the device is plugged in, the path is right and this user may open it (group dialout)",
    details: { path },
    cause,
  });
}
