import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../backoff.ts";
import { boundaryOf, cameraError, MAX_PICTURE_BYTES, MultipartPictures } from "./multipart.ts";

/** A camera answers within this, ms. */
const ANSWER_MS = 5_000;
/** A stream on which nothing comes for so long is lost, ms; cameras send several pictures a second. */
const SILENCE_MS = 15_000;
/** A file is whole when it has been quiet for so long, ms, or ends as pictures end. */
const QUIET_MS = 2_000;
/** Pictures of a folder looked at in one go, at most. */
const MAX_LISTED = 10_000;

/** Where a camera's pictures come from, and how often one is asked for, ms. */
export interface PictureSource {
  readonly url: string;
  readonly everyMs: number;
}

/** Pictures one after another until the camera ends or `signal` aborts; rejects when it cannot be reached. */
export function picturesOf(source: PictureSource, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return source.url.startsWith("file://") ? folderPictures(source, signal) : httpPictures(source, signal);
}

async function* httpPictures(
  { url, everyMs }: PictureSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const begun = performance.now();
    const answer = await request(url, signal);
    const boundary = boundaryOf(answer.headers.get("content-type") ?? "");
    if (boundary !== null) {
      yield* streamed(answer, boundary);
      return;
    }
    yield await body(answer);
    await pause(Math.max(0, everyMs - (performance.now() - begun)), signal);
    if (signal.aborted) return;
  }
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(cameraError("it does not answer")), ANSWER_MS);
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, late.signal]), redirect: "error" });
    if (!answer.ok) throw cameraError(`it answers ${answer.status}`);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

async function* streamed(answer: Response, boundary: string): AsyncGenerator<Uint8Array> {
  const cut = new MultipartPictures(boundary);
  for await (const chunk of chunksOf(answer)) yield* cut.push(chunk);
}

async function body(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(answer)) {
    size += chunk.length;
    if (size > MAX_PICTURE_BYTES) throw cameraError("its picture is larger than 16 MiB");
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** The bytes of an answer; a camera that falls silent in the middle is given up. */
async function* chunksOf({ body: stream }: Response): AsyncGenerator<Uint8Array> {
  if (stream === null) return;
  const reader = stream.getReader();
  try {
    for (;;) {
      const silent = new AbortController();
      const late = pause(SILENCE_MS, silent.signal).then(() => null);
      const next = await Promise.race([reader.read(), late]);
      silent.abort();
      if (next === null) throw cameraError("it has fallen silent");
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** New files of a folder, oldest first; those that are there at the start are old. One that is still being written waits. */
async function* folderPictures(
  { url, everyMs }: PictureSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const folder = decodeURIComponent(new URL(url).pathname);
  const began = Date.now();
  const taken = new Set<string>();
  while (!signal.aborted) {
    for (const { name, at, size } of await picturesIn(folder)) {
      if (at < began - everyMs || taken.has(name)) continue;
      const bytes = size > MAX_PICTURE_BYTES ? null : await readFile(join(folder, name));
      if (bytes !== null && !isWhole(bytes) && Date.now() - at < QUIET_MS) continue;
      taken.add(name);
      if (bytes !== null) yield bytes;
    }
    if (taken.size > MAX_LISTED) taken.delete(taken.values().next().value as string);
    await pause(everyMs, signal);
  }
}

async function picturesIn(folder: string): Promise<readonly { name: string; at: number; size: number }[]> {
  const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png)$/i.test(name)).slice(-MAX_LISTED);
  const files = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => null);
      return { name, at: info?.mtimeMs ?? 0, size: info?.size ?? 0 };
    }),
  );
  return files.sort((a, b) => a.at - b.at);
}

/** Whether a JPEG or PNG has its end. */
function isWhole(bytes: Uint8Array): boolean {
  const end = Buffer.from(bytes.subarray(-12));
  return (end.at(-2) === 0xff && end.at(-1) === 0xd9) || end.subarray(4, 8).toString("latin1") === "IEND";
}
