import { close, constants, open, read } from "node:fs";
import { promisify } from "node:util";
import { LynceusError } from "../../protocols/errors.ts";
import { linkEnded } from "./duplex.ts";
import type { Link, Transport } from "./port.ts";

/** `EVIOCGRAB`: the events go to this program alone, not into whatever window has the focus. */
const EVIOCGRAB = 0x40044590;
/** The device is asked so often: a blocked read could not be ended, and would hold one of few threads. ms */
const POLL_MS = 8;
/** Read at once, bytes: 64 events. */
const READ_BYTES = 64 * 24;

const openFile = promisify(open);
const closeFile = promisify(close);

/** `evdev:///dev/input/by-id/NAME-event-kbd`: an input device, grabbed exclusively. The library is loaded at first use. */
export function evdevTransport(options: { readonly url: string; readonly path: string }): Transport {
  return { url: options.url, passive: false, open: (signal) => openDevice(options.path, signal) };
}

async function openDevice(path: string, signal: AbortSignal): Promise<Link> {
  const fd = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: Error) => {
    throw cannotOpen(path, cause.message, cause);
  });
  await grab(fd, path);
  const link = linkOf(fd, `evdev ${path}`);
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

function linkOf(fd: number, peer: string): Link {
  let closed: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> = Promise.resolve();
  let finish: (cause?: unknown) => void = () => {};
  const shut = () => {
    clearTimeout(timer);
    finish();
    // Never while a read is under way: the number may be another file's by then.
    closed ??= reading.then(() => closeFile(fd)).catch(() => undefined);
    return closed;
  };
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      let done = false;
      finish = (cause) => {
        if (done) return;
        done = true;
        if (cause === undefined) controller.close();
        else controller.error(linkEnded(peer, cause));
      };
      const look = () => {
        if (done) return;
        reading = readSome(fd).then(
          (bytes) => {
            if (done) return;
            if (bytes !== null && bytes.length === 0) return finish();
            if (bytes !== null) controller.enqueue(bytes);
            timer = setTimeout(look, bytes === null || (controller.desiredSize ?? 0) <= 0 ? POLL_MS : 0);
          },
          (cause: unknown) => finish(cause),
        );
      };
      look();
    },
    cancel: () => finish(),
  });
  return { peer, source, sink: new WritableStream(), close: shut };
}

/** What the device has; null: nothing now; empty: it is gone. */
function readSome(fd: number): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    read(fd, new Uint8Array(READ_BYTES), 0, READ_BYTES, null, (error, length, bytes) => {
      if (error === null) resolve(bytes.subarray(0, length));
      else if (error.code === "EAGAIN") resolve(null);
      else reject(error);
    });
  });
}

/** The C library of this process: a copy loaded by name would not be the one that a test bed stands in for. */
async function grab(fd: number, path: string): Promise<void> {
  const { default: koffi } = await import("koffi");
  const ioctl = koffi.load(null).func("int ioctl(int fd, unsigned long request, int value)");
  if (Number(ioctl(fd, EVIOCGRAB, 1)) === 0) return;
  await closeFile(fd);
  throw cannotOpen(path, "another program has grabbed it");
}

function cannotOpen(path: string, why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_HID_DEVICE", `Cannot open ${path}: ${why}`, {
    remedy: "Check that the reader is plugged in, the path is right and this user may open it (group input)",
    details: { path, errno: (cause as NodeJS.ErrnoException | undefined)?.code ?? null },
    ...(cause === undefined ? {} : { cause }),
  });
}
