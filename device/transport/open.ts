import { LynceusError } from "../../protocols/errors.ts";
import { addressFilter } from "./addresses.ts";
import { evdevTransport } from "./evdev.ts";
import { type HidSettings, hidTransport } from "./hid.ts";
import { listenTcpTransport } from "./listen-tcp.ts";
import type { Transport } from "./port.ts";
import { type ReplaySettings, replayTransport } from "./replay.ts";
import { type SerialSettings, serialTransport } from "./serial.ts";
import { tcpTransport } from "./tcp.ts";
import type { TlsSource } from "./tls.ts";

/** Speeds a serial port may be asked for, bit/s. */
const BAUD = { min: 50, max: 50_000_000, default: 9600 } as const;

/**
 * Reads a transport URL (`cli.md`, Configuration): `tcp://HOST:PORT`, `listen+tcp://HOST:PORT`, `tls://HOST:PORT`, `listen+tls://HOST:PORT`,
 * `serial:///dev/ttyUSB0?baud=9600[&bits=8][&parity=none][&stop=1][&flow=none]`, `hid://VVVV:PPPP[?port=1-1.4][&serial=TEXT]`,
 * `evdev:///dev/input/by-id/NAME`, `replay://FILE[?device=ID][&speed=1]`. Nothing is opened yet.
 * @param allow addresses that may be at the other end; none: any.
 * @param allow.tls what a `tls` link authenticates with; absent: the system's authorities, no certificate of its own.
 * @throws LynceusError `LYN_TRANSPORT_URL` for a URL or an allow list that cannot be used.
 */
export function openTransport(
  url: string,
  allow: { from?: readonly string[] | undefined; tls?: TlsSource | undefined } = {},
): Transport {
  const allows = addressFilter(allow.from);
  const scheme = /^([a-z+]+):\/\//.exec(url)?.[1];
  switch (scheme) {
    case "tcp":
      return tcpTransport({ url, allows, ...hostAndPort(url, 1) });
    case "listen+tcp":
      return listenTcpTransport({ url, allows, ...hostAndPort(url, 0) });
    case "tls":
      return tcpTransport({ url, allows, tls: allow.tls ?? NO_MATERIAL, ...hostAndPort(url, 1) });
    case "listen+tls":
      return listenTcpTransport({ url, allows, tls: allow.tls ?? NO_MATERIAL, ...hostAndPort(url, 0) });
    case "serial":
      return serialTransport({ url, ...serialSettings(url) });
    case "hid":
      return hidTransport({ url, ...hidSettings(url) });
    case "evdev":
      return evdevTransport({ url, path: devicePath(url) });
    case "replay":
      return replayTransport({ url, ...replaySettings(url) });
    default:
      throw badUrl(url, `the scheme ${scheme === undefined ? "is missing" : `"${scheme}" is not known`}`);
  }
}

const NO_MATERIAL: TlsSource = async () => ({});

function hostAndPort(url: string, minPort: number): { host: string; port: number } {
  const match = /^[a-z+]+:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@[\]\s]+)):(\d{1,5})\/?$/.exec(url);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined) throw badUrl(url, "it is not SCHEME://HOST:PORT");
  if (port < minPort || port > 65_535) throw badUrl(url, `the port is not from ${minPort} to 65535`);
  return { host, port };
}

function serialSettings(url: string): SerialSettings {
  const match = /^serial:\/\/(\/[^?#\s]+)(?:\?([^#\s]*))?$/.exec(url);
  const path = match?.[1];
  if (path === undefined) throw badUrl(url, "it is not serial:///dev/NAME?baud=N");
  const query = new URLSearchParams(match?.[2] ?? "");
  const known = ["baud", "bits", "parity", "stop", "flow"];
  for (const key of query.keys())
    if (!known.includes(key)) throw badUrl(url, `"${key}" is not a setting of a serial port`);
  const baud = Number(query.get("baud") ?? BAUD.default);
  if (!Number.isInteger(baud) || baud < BAUD.min || baud > BAUD.max) {
    throw badUrl(url, `baud is not an integer from ${BAUD.min} to ${BAUD.max}`);
  }
  return {
    path,
    baud,
    bits: choice(url, query, "bits", { "8": 8, "7": 7 }),
    parity: choice(url, query, "parity", { none: "none", even: "even", odd: "odd" }),
    stop: choice(url, query, "stop", { "1": 1, "2": 2 }),
    flow: choice(url, query, "flow", { none: "none", rtscts: "rtscts", xonxoff: "xonxoff" }),
  };
}

function hidSettings(url: string): HidSettings {
  const match = /^hid:\/\/([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?:\?([^#\s]*))?$/.exec(url);
  if (match === null) throw badUrl(url, "it is not hid://VVVV:PPPP with four hexadecimal digits each");
  const query = new URLSearchParams(match[3] ?? "");
  for (const key of query.keys())
    if (key !== "port" && key !== "serial") throw badUrl(url, `"${key}" is not port or serial`);
  return {
    vendorId: Number.parseInt(match[1] ?? "", 16),
    productId: Number.parseInt(match[2] ?? "", 16),
    port: query.get("port"),
    serial: query.get("serial"),
  };
}

/** @throws LynceusError `LYN_TRANSPORT_URL`. */
export function replaySettings(url: string, more: readonly string[] = []): ReplaySettings {
  const match = /^replay:\/\/([^?#]+)(?:\?([^#\s]*))?$/.exec(url);
  const file = match?.[1];
  if (file === undefined) throw badUrl(url, "it is not replay://FILE");
  const query = new URLSearchParams(match?.[2] ?? "");
  for (const key of query.keys())
    if (!["device", "speed", ...more].includes(key)) throw badUrl(url, `"${key}" is not device or speed`);
  const speed = Number(query.get("speed") ?? 1);
  if (!(speed >= 0 && speed <= 1000)) throw badUrl(url, "speed is not from 0 to 1000");
  return { file, device: query.get("device"), speed };
}

function devicePath(url: string): string {
  const path = /^evdev:\/\/(\/[^?#\s]+)$/.exec(url)?.[1];
  if (path === undefined) throw badUrl(url, "it is not evdev:///dev/input/by-id/NAME");
  return path;
}

/** The value of a query key among `values`; the first is the default. */
function choice<T extends string | number>(
  url: string,
  query: URLSearchParams,
  key: string,
  values: Readonly<Record<string, T>>,
): T {
  const found = query.get(key) ?? DEFAULTS[key] ?? "";
  const value = Object.hasOwn(values, found) ? values[found] : undefined;
  if (value === undefined) throw badUrl(url, `${key} is not one of ${Object.keys(values).join(", ")}`);
  return value;
}

const DEFAULTS: Readonly<Record<string, string>> = { bits: "8", parity: "none", stop: "1", flow: "none" };

function badUrl(url: string, why: string): LynceusError {
  return new LynceusError("LYN_TRANSPORT_URL", `Transport "${url}": ${why}`, {
    remedy:
      "Use tcp://HOST:PORT, listen+tcp://HOST:PORT, tls://HOST:PORT, listen+tls://HOST:PORT, serial:///dev/ttyUSB0?baud=9600, hid://VVVV:PPPP, evdev:///dev/input/… or replay://FILE",
    details: { url },
  });
}
