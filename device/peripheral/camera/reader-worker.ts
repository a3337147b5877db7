import { parentPort } from "node:worker_threads";
import type { Seen } from "./agreement.ts";
import { BarcodeDecoder } from "./barcodes.ts";
import { decodePicture } from "./picture.ts";
import { TextReader } from "./text-reader.ts";

/** A picture to be read. */
export interface ReadRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly text: boolean;
}

/** What it shows, or why it could not be read. */
export type ReadAnswer =
  | { readonly id: number; readonly seen: readonly Seen[] }
  | { readonly id: number; readonly error: string };

/** Thread that reads one picture after another. */
const port = parentPort;
const barcodes = new BarcodeDecoder();
const texts = new TextReader();

port?.on("message", ({ id, bytes, text }: ReadRequest) => {
  const answer = async (): Promise<ReadAnswer> => {
    const picture = await decodePicture(bytes);
    const symbols = await barcodes.read(picture);
    return { id, seen: text ? [...symbols, ...(await texts.read(picture))] : symbols };
  };
  answer().then(
    (done) => port.postMessage(done),
    (error: unknown) =>
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
