import { parentPort } from "node:worker_threads";
import { isLynceusError } from "../../../protocols/errors.ts";
import { Codecs } from "../../image/dicom/codecs.ts";
import { decodePlane, openObject } from "../../image/dicom/scan.ts";
import type { DecodeReply, DecodeRequest } from "./plane-decoder.ts";

/** The thread that decodes pixels: a request in, a plane out, whose memory is handed over. */
const codecs = new Codecs();

parentPort?.on("message", (request: DecodeRequest) => {
  void decode(request).then(({ reply, transfer }) => parentPort?.postMessage(reply, transfer));
});

async function decode({
  path,
  energy,
}: DecodeRequest): Promise<{ reply: DecodeReply; transfer: ArrayBuffer[] }> {
  try {
    const plane = await decodePlane({ energy, object: await openObject(path) }, codecs);
    const { buffer } = plane.format === "u16" ? plane.samples : plane.rgb;
    return { reply: { ok: true, plane }, transfer: buffer instanceof ArrayBuffer ? [buffer] : [] };
  } catch (error) {
    const known = isLynceusError(error);
    const message = error instanceof Error ? error.message : String(error);
    const remedy = known ? error.remedy : "Send the object again.";
    return { reply: { ok: false, code: known ? error.code : null, message, remedy }, transfer: [] };
  }
}
