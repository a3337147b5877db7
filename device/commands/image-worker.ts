import { parentPort } from "node:worker_threads";
import type { FilesReply } from "./image.ts";
import { type ImageRequest, imageFilesOf } from "./image-files.ts";

/** The thread that makes the files of one request: reading, encoding and drawing a scan would hold up every lane. */
parentPort?.once("message", (request: ImageRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});

async function answer(request: ImageRequest): Promise<FilesReply> {
  try {
    return { ok: true, files: await imageFilesOf(request) };
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === "ENOENT" || isMissing(error);
    return { ok: false, gone, message: error instanceof Error ? error.message : String(error) };
  }
}

/** The spool's reader names a file that is not there in its cause or in a code of its own. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && /ENOENT/.test(`${error.message} ${String(error.cause ?? "")}`);
}
