import { parentPort } from "node:worker_threads";
import { isLynceusError } from "../../../protocols/errors.ts";
import { Codecs } from "../../image/dicom/codecs.ts";
import { readHeadOf } from "../../image/dicom/file.ts";
import { decodePlane, openObject } from "../../image/dicom/scan.ts";
import { type ErrorWords, inspected, toMessage } from "./inspect.ts";
import type { Reply, WorkRequest } from "./object-worker.ts";
import { reportFacts } from "./report.ts";

/** The thread that reads long heads and decodes pixels: a request in, an answer out, whose memory is handed over. */
const codecs = new Codecs();

parentPort?.on("message", (request: WorkRequest) => {
  void answer(request).then(({ reply, transfer }) => parentPort?.postMessage(reply, transfer));
});

async function answer(request: WorkRequest): Promise<{ reply: Reply; transfer: ArrayBuffer[] }> {
  try {
    return await done(request);
  } catch (error) {
    return { reply: { ok: false, error: wordsOf(error) }, transfer: [] };
  }
}

async function done(request: WorkRequest): Promise<{ reply: Reply; transfer: ArrayBuffer[] }> {
  const { path } = request;
  switch (request.kind) {
    case "inspect":
      return { reply: { ok: true, value: toMessage(inspected(await readHeadOf(path))) }, transfer: [] };
    case "report":
      return { reply: { ok: true, value: reportFacts((await readHeadOf(path)).dataset) }, transfer: [] };
    case "plane": {
      const plane = await decodePlane({ energy: request.energy, object: await openObject(path) }, codecs);
      const { buffer } = plane.format === "u16" ? plane.samples : plane.rgb;
      return { reply: { ok: true, value: plane }, transfer: buffer instanceof ArrayBuffer ? [buffer] : [] };
    }
  }
}

function wordsOf(error: unknown): ErrorWords {
  if (isLynceusError(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return { code: null, message, remedy: "Send the object again." };
}
