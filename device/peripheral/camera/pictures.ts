import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../backoff.ts";
import { boundaryOf, cameraError, MAX_PICTURE_BYTES, MultipartPictures } from "./multipart.ts";

/** A camera answers within this, ms. */
const ANSWER_MS = 5_000;
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
  if (answer.body === null) return;
  for await (const chunk of answer.body) yield* cut.push(chunk);
}

async function body(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  if (answer.body !== null) {
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > MAX_PICTURE_BYTES) throw cameraError("its picture is larger than 16 MiB");
      parts.push(chunk);
    }
  }
  return Buffer.concat(parts);
}

/** New files of a folder, oldest first; those that are there at the start are old. */
async function* folderPictures(
  { url, everyMs }: PictureSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const folder = decodeURIComponent(new URL(url).pathname);
  let newest = Date.now();
  const taken = new Set<string>();
  while (!signal.aborted) {
    const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png)$/i.test(name)).slice(-MAX_LISTED);
    const files = await Promise.all(
      names.map(async (name) => ({
        name,
        at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
      })),
    );
    const fresh = files
      .filter(({ name, at }) => at >= newest - everyMs && !taken.has(name))
      .sort((a, b) => a.at - b.at);
    for (const { name, at } of fresh) {
      newest = Math.max(newest, at);
      taken.add(name);
      yield await readFile(join(folder, name));
    }
    if (taken.size > MAX_LISTED) taken.clear();
    await pause(everyMs, signal);
  }
}
