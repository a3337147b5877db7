import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { checkCodestream } from "../../../protocols/dicom/pixels/codestream.ts";
import type { PixelDescription } from "../../../protocols/dicom/pixels/description.ts";
import type { FrameDecoder } from "../../../protocols/dicom/pixels/frames.ts";
import { decodeRle } from "../../../protocols/dicom/pixels/rle.ts";
import { SYNTAX } from "../../../protocols/dicom/uids.ts";
import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";

const require = createRequire(import.meta.url);

/** What the codecs of cornerstone export: Emscripten modules with one decoder class each. */
interface WasmDecoder {
  getEncodedBuffer(bytes: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}
interface WasmModule {
  readonly JpegLSDecoder?: new () => WasmDecoder;
  readonly J2KDecoder?: new () => WasmDecoder;
}
type WasmFactory = (options: {
  wasmBinary: Uint8Array;
  print: () => void;
  printErr: () => void;
}) => Promise<WasmModule>;

interface LosslessDecoder {
  decode(buffer: ArrayBuffer, offset: number, length: number): Uint8Array | Uint16Array;
}

/**
 * The decoder of a transfer syntax, loaded when first asked for: JPEG-LS by CharLS and JPEG 2000 by OpenJPEG as WebAssembly
 * read from the package's files, JPEG lossless by its library, RLE by this project (PackBits). Null: pixels are not compressed,
 * or in no way that is read.
 */
export class Codecs {
  readonly #loaded = new Map<string, Promise<FrameDecoder>>();

  decoderOf(transferSyntax: string): Promise<FrameDecoder> | null {
    const load = LOADERS.get(transferSyntax);
    if (load === undefined) return null;
    const known = this.#loaded.get(transferSyntax);
    if (known !== undefined) return known;
    const loading = load().then(guarded);
    this.#loaded.set(transferSyntax, loading);
    return loading;
  }
}

const LOADERS: ReadonlyMap<string, () => Promise<FrameDecoder>> = new Map([
  [SYNTAX.rle, async () => decodeRle],
  [SYNTAX.jpegLossless, loadLossless],
  [SYNTAX.jpegLosslessFirstOrder, loadLossless],
  [SYNTAX.jpegLs, loadJpegLs],
  [SYNTAX.jpegLsNear, loadJpegLs],
  [SYNTAX.jpeg2000Lossless, loadJpeg2000],
  [SYNTAX.jpeg2000, loadJpeg2000],
]);

/** Whatever a library throws (numbers and strings too) is a typed error, and a result of the wrong size is none. */
function guarded(decode: FrameDecoder): FrameDecoder {
  return (frame, description) => {
    let out: Uint8Array;
    try {
      out = decode(frame, description);
    } catch (cause) {
      if (isLynceusError(cause)) throw cause;
      throw broken(cause instanceof Error ? cause.message : "the decoder gave up", cause);
    }
    if (out.length === description.frameBytes) return out;
    throw broken(`${out.length} bytes came out, ${description.frameBytes} are described`);
  };
}

async function loadLossless(): Promise<FrameDecoder> {
  const { Decoder } = require("jpeg-lossless-decoder-js") as { Decoder: new () => LosslessDecoder };
  return (frame, description) => {
    checkCodestream(frame, description);
    const copy = frame.slice();
    const samples = new Decoder().decode(copy.buffer, 0, copy.byteLength);
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    return bytes.length > description.frameBytes ? bytes.subarray(0, description.frameBytes) : bytes;
  };
}

async function loadJpegLs(): Promise<FrameDecoder> {
  const module = await instantiate(
    "@cornerstonejs/codec-charls/decodewasmjs",
    "@cornerstonejs/codec-charls/decodewasm",
  );
  const Decoder = module.JpegLSDecoder;
  if (Decoder === undefined) throw broken("the JPEG-LS library has no decoder");
  return (frame, description) => runWasm(new Decoder(), frame, description);
}

async function loadJpeg2000(): Promise<FrameDecoder> {
  const module = await instantiate(
    "@cornerstonejs/codec-openjpeg/decodewasmjs",
    "@cornerstonejs/codec-openjpeg/decodewasm",
  );
  const Decoder = module.J2KDecoder;
  if (Decoder === undefined) throw broken("the JPEG 2000 library has no decoder");
  return (frame, description) => runWasm(new Decoder(), frame, description);
}

async function instantiate(script: string, binary: string): Promise<WasmModule> {
  const factory = require(script) as WasmFactory;
  const wasmBinary = await readFile(require.resolve(binary));
  return factory({ wasmBinary, print: () => {}, printErr: () => {} });
}

function runWasm(decoder: WasmDecoder, frame: Uint8Array, description: PixelDescription): Uint8Array {
  try {
    checkCodestream(frame, description);
    decoder.getEncodedBuffer(frame.length).set(frame);
    decoder.decode();
    return decoder.getDecodedBuffer().slice();
  } finally {
    decoder.delete();
  }
}

function broken(message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_DICOM_CODEC", `Compressed pixel data cannot be decoded: ${message}`, {
    remedy: "Send the object again; if it stays so, have the scanner send it uncompressed.",
    cause,
  });
}
