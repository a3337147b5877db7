import { open } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import type { DicosVersion } from "../../protocols/dicom/dicos/common.ts";
import { encodeImagePart, IMAGE_SCHEMA, type ImagePartHeader } from "../../protocols/mqtt/image-part.ts";
import { MAX_IMAGE_PART_BYTES } from "../../protocols/mqtt/limits.ts";
import { ENERGIES, IMAGE_FORMS } from "../../protocols/vocabulary.ts";
import type { HitData } from "../fusion/hit.ts";
import type { Spool } from "../spool/port.ts";
import { readArgs } from "./args.ts";
import { type CommandContext, CommandFault, type CommandHandler, type Json } from "./command.ts";
import type { ImageFile, ImageRequest } from "./image-files.ts";

/** From the worker. */
export type FilesReply =
  | { readonly ok: true; readonly files: readonly ImageFile[] }
  | { readonly ok: false; readonly gone: boolean; readonly message: string };

export interface ImageCommandOptions {
  readonly spool: Pick<Spool, "scan" | "lastHit">;
  readonly version: DicosVersion;
  readonly software: string;
  readonly site: string;
  readonly gateway: string;
  /** Bytes that a message on a lane's image topic may have, as the broker limits them. */
  readonly room: (lane: string) => number;
  /** Publishes one part; false: it could not be delivered. */
  readonly publish: (
    scan: { readonly lane: string; readonly scanId: string },
    part: Uint8Array,
    signal: AbortSignal,
  ) => Promise<boolean>;
  readonly maxBytes?: number;
}

/** Files of one request together, bytes; more is TOO_LARGE: ask for one view and energy. */
export const MAX_REQUEST_BYTES = 512 * 1024 * 1024;
/** Parts under way (`mqtt.md`, Image parts). */
const IN_FLIGHT = 4;
/** A scan is read and encoded by then, ms. */
const MAKE_MS = 120_000;
/** Smaller parts are none: a broker that takes no more takes no images. */
const MIN_PART_BYTES = 1024;

const WORKER = new URL(`./image-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

const argsSchema = z.object({
  scanId: z.uuid(),
  view: z.int().min(0).max(7).nullish(),
  energy: z.enum(ENERGIES).nullish(),
  form: z.enum(IMAGE_FORMS),
});

/**
 * The command `image {scanId, view?, energy?, form}`: publishes the files in parts on the lane's image topic, then answers with
 * what was sent: `{scanId, form, files: [{view, energy, mediaType, bytes, sha256, parts}]}`.
 */
export function imageCommand(options: ImageCommandOptions): CommandHandler {
  return async (args, context) => {
    const { scanId, form, view = null, energy = null } = readArgs(argsSchema, args);
    const { spool, version, software, site, gateway } = options;
    const stored = await spool.scan(scanId);
    if (stored === null) throw new CommandFault("NOT_FOUND", "there is no such scan here");
    const { scan } = stored;
    const hit = await lastHit(spool, scanId);
    if (form === "tdr" && hit === null) throw new CommandFault("NOT_FOUND", "the scan has no hit yet");
    const request = { form, view, energy, scan, hit, version, software, site, gateway };
    const files = await makeImageFiles(request, context.signal);
    if (files.length === 0)
      throw new CommandFault("NOT_FOUND", "the scan has no image of this view and energy");
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total > (options.maxBytes ?? MAX_REQUEST_BYTES))
      throw new CommandFault("TOO_LARGE", `${total} bytes; ask for one view and energy`);
    const sent: Json[] = [];
    for (const file of files) sent.push(await send(options, { request, file }, context));
    return { scanId, form, files: sent };
  };
}

async function lastHit(spool: ImageCommandOptions["spool"], scanId: string): Promise<HitData | null> {
  const row = await spool.lastHit(scanId);
  return row === null ? null : (JSON.parse(row.event) as { data: HitData }).data;
}

/**
 * Makes the files of a request in a thread of its own.
 * @throws CommandFault `GONE` where the planes are no longer kept, `FAILED` otherwise
 */
export async function makeImageFiles(
  request: ImageRequest,
  signal: AbortSignal,
): Promise<readonly ImageFile[]> {
  const worker = new Worker(WORKER);
  const { promise, resolve, reject } = Promise.withResolvers<FilesReply>();
  const fail = (message: string) => reject(new CommandFault("FAILED", message));
  const timer = setTimeout(() => fail(`the image was not made within ${MAKE_MS} ms`), MAKE_MS);
  const stop = () => fail("the gateway stops");
  signal.addEventListener("abort", stop, { once: true });
  worker
    .once("message", resolve)
    .once("error", reject)
    .once("exit", () => fail("the image could not be made"));
  worker.postMessage(request);
  try {
    const reply = await promise;
    if (reply.ok) return reply.files;
    throw reply.gone
      ? new CommandFault("GONE", "the images of the scan are no longer kept")
      : new CommandFault("FAILED", reply.message);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

/** Sends one file in parts, at most four under way. */
async function send(
  { room, publish }: ImageCommandOptions,
  { request: { scan, form }, file }: { readonly request: ImageRequest; readonly file: ImageFile },
  { id, signal }: CommandContext,
): Promise<Json> {
  const { view, energy, mediaType, width, height, bytes, sha256, content } = file;
  const base = {
    schema: IMAGE_SCHEMA,
    request: id,
    scanId: scan.scanId,
    view,
    energy,
    form,
    mediaType,
  } as const;
  const size = { width, height, bytes, sha256 };
  const longest: ImagePartHeader = { ...base, ...size, part: bytes, parts: bytes + 1, offset: bytes };
  const header = encodeImagePart({ header: longest, bytes: new Uint8Array(0) }).length;
  const partBytes = Math.min(MAX_IMAGE_PART_BYTES, room(scan.lane) - header);
  if (partBytes < MIN_PART_BYTES)
    throw new CommandFault("TOO_LARGE", "the broker takes no message of this size");
  const parts = Math.max(1, Math.ceil(bytes / partBytes));
  const under = new Set<Promise<void>>();
  let failed = false;
  for (let part = 0; part < parts && !failed && !signal.aborted; part++) {
    const offset = part * partBytes;
    const piece = await pieceOf(content, offset, Math.min(partBytes, bytes - offset));
    const message = encodeImagePart({ header: { ...base, ...size, part, parts, offset }, bytes: piece });
    const going: Promise<void> = publish(scan, message, signal).then((delivered) => {
      if (!delivered) failed = true;
      under.delete(going);
    });
    under.add(going);
    if (under.size >= IN_FLIGHT) await Promise.race(under);
  }
  await Promise.all(under);
  if (failed || signal.aborted) throw new CommandFault("FAILED", "the parts could not be delivered");
  return { view, energy, mediaType, bytes, sha256, parts };
}

async function pieceOf(content: ImageFile["content"], offset: number, length: number): Promise<Uint8Array> {
  if ("bytes" in content) return content.bytes.subarray(offset, offset + length);
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(content.path, "r");
  } catch {
    throw new CommandFault("GONE", "the images of the scan are no longer kept");
  }
  try {
    const piece = new Uint8Array(length);
    const { bytesRead } = await handle.read(piece, 0, length, offset);
    if (bytesRead !== length) throw new CommandFault("FAILED", "the image changed while it was read");
    return piece;
  } finally {
    await handle.close();
  }
}
