import { readFile, realpath } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import type { Device, HIDAsync } from "node-hid";
import { LynceusError } from "../../protocols/errors.ts";
import { linkEnded } from "./duplex.ts";
import type { DeviceNames, Link, Transport } from "./port.ts";

/** Reports that wait for their consumer, at most: a device cannot be held back, so what comes beyond is dropped. */
export const MAX_WAITING_REPORTS = 256;
/** The list of devices is looked at so often: not every removal is told by a failed read, ms. */
const PRESENCE_MS = 1_000;

/** Closing a device is waited for so long, ms. */
const CLOSE_MS = 500;

const readDescriptor = promisify(readFile);
// The native call: the portable one asks the kernel in a way that a simulated device tree does not answer.
const resolvePath = promisify(realpath.native);

/** Which device is meant. */
export interface HidSettings {
  readonly vendorId: number;
  readonly productId: number;
  /** USB port path, such as `1-1.4`: tells two identical readers apart, and survives a replug. */
  readonly port: string | null;
  readonly serial: string | null;
}

/** A HID device's link: each chunk of `source` is one input report, each chunk written one output report, id first. */
export interface HidLink extends Link {
  readonly reportDescriptor: Uint8Array;
  /** Reports so far that came while {@link MAX_WAITING_REPORTS} waited, and are lost. */
  dropped(): number;
}

/** `hid://VVVV:PPPP[?port=1-1.4][&serial=TEXT]`, hexadecimal ids. The library is loaded at first use. */
export function hidTransport(options: HidSettings & { url: string }): Transport & {
  open(signal: AbortSignal): Promise<HidLink>;
} {
  return { url: options.url, passive: false, open: (signal) => openDevice(options, signal) };
}

async function openDevice(settings: HidSettings & { url: string }, signal: AbortSignal): Promise<HidLink> {
  const { default: library } = await import("node-hid");
  const { vendorId, productId } = settings;
  const list = () => library.devicesAsync(vendorId, productId);
  const devices = await list();
  const path = await choose(devices, settings);
  signal.throwIfAborted();
  const reportDescriptor = await descriptorOf(path);
  let device: HIDAsync;
  try {
    device = await library.HIDAsync.open(path);
  } catch (cause) {
    throw cannotOpen(`${path}: ${(cause as Error).message}`, cause);
  }
  const present = async () => (await list()).some((each) => each.path === path);
  const names = namesOf(devices.find((each) => each.path === path));
  const link = { ...linkOf(device, path, reportDescriptor, present), device: names };
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

/** Its USB strings. */
function namesOf(device: Device | undefined): DeviceNames {
  const text = (value: string | undefined) => value?.trim() || null;
  return {
    vendor: text(device?.manufacturer),
    model: text(device?.product),
    serial: text(device?.serialNumber),
  };
}

/** The path of the device meant. A device may have several collections, and is listed once for each. */
async function choose(devices: readonly Device[], settings: HidSettings & { url: string }): Promise<string> {
  const { port, serial, url } = settings;
  const bySerial = devices.filter((each) => serial === null || each.serialNumber === serial);
  const paths = [...new Set(bySerial.flatMap(({ path }) => (path === undefined ? [] : [path])))].sort();
  const ports = await Promise.all(paths.map(portOf));
  const matching = paths.filter((_, at) => port === null || ports[at] === port);
  const [first, ...more] = matching;
  if (first === undefined) throw cannotOpen(`no device matches ${url}`);
  if (more.length > 0) {
    throw new LynceusError("LYN_HID_AMBIGUOUS", `${matching.length} devices match ${url}`, {
      remedy: `Say which is meant: ${ports.map((each) => `?port=${each ?? "unknown"}`).join(" or ")}`,
      details: { url, ports },
    });
  }
  return first;
}

/** The USB port that a hidraw device hangs on, from its place in sysfs; null where it is not on USB. */
async function portOf(path: string): Promise<string | null> {
  try {
    const place = await resolvePath(`/sys/class/hidraw/${basename(path)}/device`);
    const ports = place.split("/").filter((part) => /^\d+-\d+(?:\.\d+)*$/.test(part));
    return ports.at(-1) ?? null;
  } catch {
    return null;
  }
}

async function descriptorOf(path: string): Promise<Uint8Array> {
  try {
    return await readDescriptor(`/sys/class/hidraw/${basename(path)}/device/report_descriptor`);
  } catch (cause) {
    throw cannotOpen(`the report descriptor of ${path} cannot be read`, cause);
  }
}

function linkOf(
  device: HIDAsync,
  path: string,
  reportDescriptor: Uint8Array,
  present: () => Promise<boolean>,
): HidLink {
  const peer = `hid ${path}`;
  let finish: (cause?: unknown) => void = () => {};
  let closed: Promise<void> | null = null;
  let dropped = 0;
  const looking = setInterval(() => {
    present().then(
      (there) => there || finish(),
      () => undefined,
    );
  }, PRESENCE_MS);
  const close = () => {
    clearInterval(looking);
    finish();
    // A device that is gone may never say that it is closed.
    closed ??= Promise.race([device.close().catch(() => undefined), after(CLOSE_MS)]);
    return closed;
  };
  const source = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let done = false;
        finish = (cause) => {
          if (done) return;
          done = true;
          if (cause === undefined) controller.close();
          else controller.error(linkEnded(peer, cause));
        };
        device.on("data", (report: Uint8Array) => {
          if (done) return;
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(new Uint8Array(report));
          else dropped += 1;
        });
        device.on("error", (error) => finish(error));
      },
      cancel: () => finish(),
    },
    new CountQueuingStrategy({ highWaterMark: MAX_WAITING_REPORTS }),
  );
  const sink = new WritableStream<Uint8Array>({
    write: async (report) => {
      await device.write([...report]);
    },
  });
  return { peer, source, sink, close, reportDescriptor, dropped: () => dropped };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function cannotOpen(what: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_HID_DEVICE", `Cannot open the HID device: ${what}`, {
    remedy:
      "Check that it is plugged in, in HID POS mode, and that this user may open it (udev rule for hidraw)",
    ...(cause === undefined ? {} : { cause }),
  });
}
