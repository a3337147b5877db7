import type { ImageFile, ImageRequest } from "../commands/image-files.ts";
import type { HitData } from "../fusion/hit.ts";
import type { Spool } from "../spool/port.ts";

/** Pictures remembered, and their bytes together. */
export const MAX_PICTURES = 48;
export const MAX_PICTURE_BYTES = 64 * 1024 * 1024;
/** Pictures that may wait to be drawn: each is a thread that reads a scan. */
export const MAX_WAITING = 8;

export interface PicturesOptions {
  readonly spool: Pick<Spool, "scan" | "lastHit">;
  /** Draws, in a thread. Rejects where the planes are gone. */
  readonly draw: (request: ImageRequest, signal: AbortSignal) => Promise<readonly ImageFile[]>;
  readonly site: string;
  readonly gateway: string;
  readonly signal: AbortSignal;
}

/** Rendered views of scans with what was found in them, one drawn at a time, the last ones remembered. */
export class Pictures {
  readonly #options: PicturesOptions;
  readonly #kept = new Map<string, Uint8Array>();
  readonly #drawing = new Map<string, Promise<Uint8Array | null>>();
  #last: Promise<unknown> = Promise.resolve();
  #bytes = 0;

  constructor(options: PicturesOptions) {
    this.#options = options;
  }

  /** PNG of a view with the marks of the scan's last hit; null: there is none any more; `busy`: ask again later. */
  async of(scanId: string, view: number): Promise<Uint8Array | null | "busy"> {
    const row = await this.#options.spool.lastHit(scanId);
    const key = `${scanId} ${view} ${row?.revision ?? 0}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const under = this.#drawing.get(key);
    if (under !== undefined) return under;
    if (this.#drawing.size >= MAX_WAITING) return "busy";
    const hit = row === null ? null : (JSON.parse(row.event) as { data: HitData }).data;
    const drawn = this.#last
      .then(() => this.#draw(scanId, view, hit))
      .finally(() => this.#drawing.delete(key));
    this.#last = drawn.catch(() => undefined);
    this.#drawing.set(key, drawn);
    const picture = await drawn;
    if (picture !== null) this.#keep(key, picture);
    return picture;
  }

  async #draw(scanId: string, view: number, hit: HitData | null): Promise<Uint8Array | null> {
    const { spool, draw, site, gateway, signal } = this.#options;
    const stored = await spool.scan(scanId);
    if (stored === null || signal.aborted) return null;
    const { scan } = stored;
    const request: ImageRequest = {
      form: "rendered",
      view,
      energy: null,
      scan,
      hit,
      version: "V03",
      software: "",
      site,
      gateway,
    };
    try {
      const [file] = await draw(request, signal);
      return file !== undefined && "bytes" in file.content ? file.content.bytes : null;
    } catch {
      return null; // the planes are gone, or cannot be drawn: the page shows none
    }
  }

  #keep(key: string, picture: Uint8Array): void {
    if (picture.length > MAX_PICTURE_BYTES) return;
    this.#kept.set(key, picture);
    this.#bytes += picture.length;
    for (const [oldest, bytes] of this.#kept) {
      if (this.#kept.size <= MAX_PICTURES && this.#bytes <= MAX_PICTURE_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}
