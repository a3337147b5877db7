import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { identify } from "../../../protocols/identifiers/identify.ts";
import type { Seen } from "./agreement.ts";
import type { Picture } from "./picture.ts";

/** Symbols of one picture, at most. */
const MAX_SYMBOLS = 16;
/** What parcels and papers carry. */
const FORMATS = [
  "Code128",
  "Code39",
  "ITF",
  "EAN13",
  "EAN8",
  "UPCA",
  "QRCode",
  "DataMatrix",
  "PDF417",
  "Aztec",
] as const;

/** Reads bar codes; the decoder's WebAssembly comes from the package's own file, nothing is fetched. */
export class BarcodeDecoder {
  #ready: Promise<void> | null = null;

  /** Identifiers of the bar codes in a picture. Never label text. */
  async read(picture: Picture): Promise<readonly Seen[]> {
    this.#ready ??= load();
    await this.#ready;
    const data = new Uint8ClampedArray(picture.width * picture.height * 4).fill(255);
    for (let from = 0, to = 0; from < picture.rgb.length; from += 3, to += 4)
      data.set(picture.rgb.subarray(from, from + 3), to);
    const image = { data, width: picture.width, height: picture.height, colorSpace: "srgb" } as Parameters<
      typeof readBarcodes
    >[0];
    const found = await readBarcodes(image, {
      formats: [...FORMATS],
      maxNumberOfSymbols: MAX_SYMBOLS,
      textMode: "Plain",
      tryHarder: true,
    });
    return found
      .filter(({ isValid }) => isValid)
      .flatMap(({ symbologyIdentifier, text }) => identify(`${symbologyIdentifier}${text}`))
      .map((each) => ({ ...each, source: "barcode", confidence: 1 }));
  }
}

async function load(): Promise<void> {
  const file = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
  const bytes = await readFile(file);
  await prepareZXingModule({
    overrides: { wasmBinary: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    fireImmediately: true,
  });
}
