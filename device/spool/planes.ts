import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { syncEntries } from "../durable.ts";
import type { Energy, PlaneCipher, PlaneRecord } from "../scan.ts";
import { diskError } from "./disk-errors.ts";
import { cipherAt } from "./plane-cipher.ts";
import type { ScanWriter } from "./port.ts";
import { Written } from "./written.ts";

/** `line-scan.md`: at most 64 Mpx a plane and 8 views. */
export const MAX_PLANE_PIXELS = 64_000_000;
const MAX_VIEWS = 8;
/** Zeros written at once where lines are missing, bytes. */
const FILL_BYTES = 1 << 20;
const BYTES_A_PIXEL = { u16: 2, rgb8: 3 } as const;

interface Plane {
  readonly view: number;
  readonly energy: Energy;
  readonly height: number;
  readonly format: "u16" | "rgb8";
  readonly layout: "columns" | "rows";
  readonly file: string;
  readonly handle: Promise<FileHandle>;
  /** Columns written so far: the highest line + 1. */
  width: number;
  readonly cipher: PlaneCipher | null;
  readonly written: Written;
}

/** What a writer is made with. */
interface WriterOptions {
  readonly scanId: string;
  readonly directory: string;
  readonly maxBytes: number;
  readonly onEnd: () => void;
  /** How a new plane is encrypted; null: not at all. */
  readonly newCipher: () => PlaneCipher | null;
}

/**
 * Writes the planes of one scan, a file each, as the lines come. The scan's folder and its entry are durable before the
 * first line; entries of plane files become so in the background, so that between the last line and ACK only the
 * fsyncs of the planes remain.
 */
export class PlaneWriter implements ScanWriter {
  readonly scanId: string;
  readonly directory: string;
  readonly #maxBytes: number;
  readonly #onEnd: () => void;
  readonly #newCipher: () => PlaneCipher | null;
  readonly #planes = new Map<string, Plane>();
  #entries: Promise<void> = Promise.resolve();
  #state: "open" | "finished" | "closed" = "open";

  private constructor(options: WriterOptions) {
    this.scanId = options.scanId;
    this.directory = options.directory;
    this.#maxBytes = options.maxBytes;
    this.#onEnd = options.onEnd;
    this.#newCipher = options.newCipher;
  }

  /** Creates the scan's folder durably. `onEnd` is called once, when the writer holds no file any more. */
  static async begin(options: WriterOptions): Promise<PlaneWriter> {
    try {
      await mkdir(options.directory, { mode: 0o750 });
      await syncEntries(dirname(options.directory));
    } catch (error) {
      options.onEnd();
      throw diskError(error, "creating a scan's folder");
    }
    return new PlaneWriter(options);
  }

  get bytes(): number {
    let sum = 0;
    for (const plane of this.#planes.values())
      sum += plane.width * plane.height * BYTES_A_PIXEL[plane.format];
    return sum;
  }

  async writeLines(
    at: { view: number; energy: Energy; height: number },
    firstLine: number,
    samples: Uint8Array,
  ): Promise<void> {
    const column = at.height * 2;
    const lines = samples.byteLength / column;
    if (!Number.isInteger(lines) || !Number.isInteger(firstLine) || firstLine < 0) {
      throw misfit(
        `${samples.byteLength} bytes at line ${firstLine} are not whole lines of ${at.height} pixels`,
      );
    }
    const plane = this.#plane({ ...at, width: firstLine + lines, format: "u16", layout: "columns" });
    await this.#write(plane, samples, firstLine * column);
  }

  async writePlane(
    at: { view: number; energy: Energy; width: number; height: number; format: "u16" | "rgb8" },
    data: Uint8Array,
  ): Promise<void> {
    if (data.byteLength !== at.width * at.height * BYTES_A_PIXEL[at.format]) {
      throw misfit(`${data.byteLength} bytes do not fill ${at.width} × ${at.height} pixels of ${at.format}`);
    }
    const plane = this.#plane({ ...at, layout: "rows" });
    if (plane.width !== at.width) throw misfit(`plane ${plane.file} was ${plane.width} columns wide before`);
    await this.#write(plane, data, 0);
  }

  async finish(
    widths?: readonly { view: number; energy: Energy; lines: number }[],
  ): Promise<readonly PlaneRecord[]> {
    this.#mustBeOpen();
    for (const { view, energy, lines } of widths ?? []) {
      const plane = this.#planes.get(keyOf(view, energy));
      if (plane === undefined) continue;
      this.#checkSize(plane, lines);
      plane.width = lines;
    }
    this.#state = "finished";
    return this.#inOrder(async (plane) => {
      const bytes = plane.width * plane.height * BYTES_A_PIXEL[plane.format];
      const handle = await plane.handle;
      if ((await handle.stat()).size !== bytes) await handle.truncate(bytes);
      await fillGaps(plane, handle, bytes);
      const { view, energy, width, height, file, layout, format, cipher } = plane;
      return { view, energy, width, height, file, layout, format, bytes, ...(cipher && { cipher }) };
    });
  }

  /** Makes planes and their entries durable and closes the files: one fsync a plane, in parallel. */
  async sync(): Promise<void> {
    try {
      await Promise.all([this.#entries, this.#inOrder(async (plane) => (await plane.handle).datasync())]);
    } catch (error) {
      throw diskError(error, "making a scan durable");
    } finally {
      await this.#close();
    }
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await Promise.allSettled([
      this.#entries,
      ...[...this.#planes.values()].map(async (plane) => (await plane.handle).close()),
    ]);
    this.#onEnd();
  }

  #plane(at: Pick<Plane, "view" | "energy" | "height" | "width" | "format" | "layout">): Plane {
    this.#mustBeOpen();
    if (!Number.isInteger(at.view) || at.view < 0 || at.view >= MAX_VIEWS || ![0, 1, 2].includes(at.energy)) {
      throw misfit(`view ${at.view}, energy ${at.energy} is not a plane`);
    }
    const known = this.#planes.get(keyOf(at.view, at.energy));
    if (
      known !== undefined &&
      (known.height !== at.height || known.format !== at.format || known.layout !== at.layout)
    ) {
      throw misfit(
        `plane ${known.file} was ${known.height} pixels high, ${known.format}, in ${known.layout} before`,
      );
    }
    const plane = known ?? { ...at, width: 0, file: `v${at.view}-e${at.energy}.${at.format}` };
    this.#checkSize(plane, at.width);
    const width = Math.max(plane.width, at.width);
    if ("handle" in plane) {
      plane.width = width;
      return plane;
    }
    const handle = this.#create(plane.file);
    const created = { ...plane, width, handle, cipher: this.#newCipher(), written: new Written() };
    this.#planes.set(keyOf(at.view, at.energy), created);
    return created;
  }

  #create(file: string): Promise<FileHandle> {
    const handle = open(join(this.directory, file), "wx", 0o640);
    const entries = Promise.all([this.#entries, handle]).then(() => syncEntries(this.directory));
    // Whoever syncs or closes hears of the error; nobody does when the scan is dropped before.
    entries.catch(() => undefined);
    this.#entries = entries;
    return handle;
  }

  /** Bounds a plane that would be `width` columns wide, and the scan with it. */
  #checkSize(plane: Pick<Plane, "width" | "height" | "format" | "file">, width: number): void {
    const { height, file } = plane;
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 0 || height < 1) {
      throw misfit(`${width} × ${height} is not a plane`);
    }
    const grown = Math.max(0, width - plane.width) * height * BYTES_A_PIXEL[plane.format];
    if (width * height <= MAX_PLANE_PIXELS && this.bytes + grown <= this.#maxBytes) return;
    throw new LynceusError(
      "LYN_SCAN_TOO_LARGE",
      `plane ${file} of ${width} × ${height} pixels makes the scan too large`,
      {
        remedy: `Send scans of at most ${this.#maxBytes} bytes (scanner.maxScanBytes) and 64 Mpx a plane.`,
        details: { width, height, maxBytes: this.#maxBytes },
      },
    );
  }

  async #write(plane: Plane, data: Uint8Array, position: number): Promise<void> {
    try {
      await writeAt(plane, await plane.handle, data, position);
    } catch (error) {
      throw diskError(error, "writing a scan");
    }
  }

  async #inOrder<T>(work: (plane: Plane) => Promise<T>): Promise<T[]> {
    const planes = [...this.#planes.values()].sort((a, b) => a.view - b.view || a.energy - b.energy);
    try {
      return await Promise.all(planes.map(work));
    } catch (error) {
      throw diskError(error, "finishing a scan");
    }
  }

  #mustBeOpen(): void {
    if (this.#state === "open") return;
    throw misfit(`scan ${this.scanId} takes no more image data`);
  }
}

/** Only encrypted files need to know what was written: elsewhere a hole reads as zeros by itself. */
async function writeAt(
  { cipher, written }: Pick<Plane, "cipher" | "written">,
  handle: FileHandle,
  data: Uint8Array,
  position: number,
): Promise<void> {
  const encrypted = cipher !== null && "key" in cipher;
  const bytes = encrypted ? cipherAt(cipher, position, data) : data;
  if (encrypted) written.add(position, position + data.byteLength);
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Lines that never came are zeros, under the cipher too. */
async function fillGaps(plane: Plane, handle: FileHandle, end: number): Promise<void> {
  if (plane.cipher === null) return;
  for (const { from, to } of plane.written.gaps(end))
    for (let at = from; at < to; at += FILL_BYTES)
      await writeAt(plane, handle, new Uint8Array(Math.min(FILL_BYTES, to - at)), at);
}

function keyOf(view: number, energy: Energy): string {
  return `${view}/${energy}`;
}

function misfit(message: string): LynceusError {
  return new LynceusError("LYN_PLANE_INVALID", message, {
    remedy: "Compare what the scanner announced (views, detector pixels) with what it sends.",
  });
}
