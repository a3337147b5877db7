import { describe, expect, it } from "vitest";
import { Agreement, MAX_WAITING, type Seen } from "../../device/peripheral/camera/agreement.ts";
import {
  boundaryOf,
  MAX_PICTURE_BYTES,
  MultipartPictures,
} from "../../device/peripheral/camera/multipart.ts";

const seen = (value: string, source: Seen["source"]): Seen => ({
  scheme: "S10",
  value,
  checkOk: true,
  source,
  confidence: 0.9,
});

describe("what a camera's pictures are believed", () => {
  it("a bar code at once, and once only while it stays in view", () => {
    const agreement = new Agreement({ withinMs: 1000 });
    expect(agreement.picture(0, [seen("A", "barcode")])).toHaveLength(1);
    expect(agreement.picture(900, [seen("A", "barcode")])).toHaveLength(0);
    expect(agreement.picture(1800, [seen("A", "barcode")])).toHaveLength(0);
    expect(agreement.picture(4000, [seen("A", "barcode")])).toHaveLength(1);
  });

  it("a number read optically only when a second picture agrees in time", () => {
    const agreement = new Agreement({ withinMs: 1000 });
    expect(agreement.picture(0, [seen("A", "ocr"), seen("A", "ocr")])).toHaveLength(0);
    expect(agreement.picture(500, [seen("A", "ocr")])).toHaveLength(1);
    expect(agreement.picture(600, [seen("B", "ocr")])).toHaveLength(0);
    expect(agreement.picture(2000, [seen("B", "ocr")])).toHaveLength(0);
  });

  it("remembers a bounded number", () => {
    const agreement = new Agreement({ withinMs: 1e9 });
    agreement.picture(0, [seen("first", "ocr")]);
    for (let n = 0; n <= MAX_WAITING; n++) agreement.picture(n, [seen(`N${n}`, "ocr")]);
    expect(agreement.picture(MAX_WAITING + 1, [seen("first", "ocr")])).toHaveLength(0);
  });
});

describe("MJPEG", () => {
  const jpeg = Uint8Array.of(0xff, 0xd8, 1, 2, 3, 0xff, 0xd9);
  const part = (headers: string, bytes: Uint8Array) =>
    Buffer.concat([
      Buffer.from(`--frame\r\nContent-Type: image/jpeg\r\n${headers}\r\n`),
      bytes,
      Buffer.from("\r\n"),
    ]);

  it("cuts pictures out with and without a length, however the bytes come", () => {
    const all = Buffer.concat([
      part(`Content-Length: ${jpeg.length}\r\n`, jpeg),
      part("", jpeg),
      Buffer.from("--frame\r\n\r\n"),
    ]);
    const whole = new MultipartPictures("frame").push(all);
    expect(whole.map((each) => Buffer.from(each.subarray(0, 7)))).toEqual([
      Buffer.from(jpeg),
      Buffer.from(jpeg),
    ]);
    const slow = new MultipartPictures("--frame");
    const got = [...all].flatMap((byte) => slow.push(Uint8Array.of(byte)));
    expect(got).toHaveLength(2);
  });

  it("refuses a picture that is too large", () => {
    expect(() =>
      new MultipartPictures("f").push(Buffer.from("--f\r\nContent-Length: 999999999\r\n\r\n")),
    ).toThrow(/larger than 16 MiB/);
    const endless = new MultipartPictures("f");
    endless.push(Buffer.from("--f\r\n\r\n"));
    expect(() => endless.push(Buffer.alloc(MAX_PICTURE_BYTES + 10_000))).toThrow(/larger than 16 MiB/);
  });

  it("reads the boundary", () => {
    expect(boundaryOf('multipart/x-mixed-replace; boundary="--cam"')).toBe("--cam");
    expect(boundaryOf("image/jpeg")).toBeNull();
  });
});
