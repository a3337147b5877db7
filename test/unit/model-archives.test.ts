import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ARCHIVE_LIMITS, type ArchiveLimits, unpackArchive } from "../../device/models/archive.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { temporaryFolder } from "../fixtures/image-files.ts";

interface Entry {
  readonly path: string;
  readonly content?: string | Uint8Array;
  /** ustar type flag: 0 file, 1 hard link, 2 symbolic link, 3 device, 5 folder, 6 pipe. */
  readonly type?: string;
  readonly link?: string;
  /** Size that the header claims. */
  readonly claims?: number;
}

/** A tar archive as somebody who means harm writes it. */
function tarOf(entries: readonly Entry[]): Uint8Array {
  const blocks = entries.flatMap(({ path, content = "", type = "0", link = "", claims }) => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${(claims ?? body.length).toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe("the archive of a model package", () => {
  let work: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    work = await temporaryFolder();
  });
  afterEach(async () => {
    await work[Symbol.asyncDispose]();
  });

  const into = () => join(work.path, "store", "into");

  async function unpacked(bytes: Uint8Array, limits: Partial<ArchiveLimits> = {}): Promise<string> {
    const file = join(work.path, "some-model-1.0.0.tar.gz");
    await mkdir(join(work.path, "store"), { recursive: true });
    await writeFile(file, bytes);
    try {
      await unpackArchive(file, into(), { ...ARCHIVE_LIMITS, ...limits });
      return "unpacked";
    } catch (error) {
      if (isLynceusError(error, "LYN_MODEL_ARCHIVE")) return error.message;
      throw error;
    }
  }

  const packed = (entries: readonly Entry[]) => gzipSync(tarOf(entries));

  it("is unpacked with and without a folder around the package", async () => {
    const files = [
      { path: "some-model-1.0.0/", type: "5" },
      { path: "some-model-1.0.0/model.json", content: "{}" },
      { path: "some-model-1.0.0/golden/1.json", content: "[]" },
    ];
    expect(await unpacked(packed(files))).toBe("unpacked");
    expect(await readFile(join(into(), "golden/1.json"), "utf8")).toBe("[]");
    expect((await readdir(into())).sort()).toEqual(["golden", "model.json"]);
    expect(await unpacked(packed([{ path: "./model.json", content: "{} " }]))).toBe("unpacked");
    expect(await readFile(join(into(), "model.json"), "utf8")).toBe("{} ");
  });

  it("reaches no path outside of its folder: up, absolute, by a link or through one", async () => {
    const outside = join(work.path, "outside");
    for (const path of [
      "../outside",
      "../../outside",
      "some-model-1.0.0/../../outside",
      "golden/../../outside",
      outside,
      `/${outside}`,
      "golden/./outside",
      "golden\\..\\..\\outside",
      "C:/outside",
    ])
      expect(await unpacked(packed([{ path, content: "x" }])), path).toContain("no name inside of a package");
    for (const type of ["1", "2", "3", "4", "6"])
      expect(await unpacked(packed([{ path: "link", type, link: work.path }])), type).toMatch(
        /neither file nor folder|linkpath forbidden/,
      );
    const through = [
      { path: "golden", type: "2", link: work.path },
      { path: "golden/outside", content: "x" },
    ];
    expect(await unpacked(packed(through))).toContain("neither file nor folder");
    expect(existsSync(outside)).toBe(false);
    expect(await readdir(work.path)).toEqual(["some-model-1.0.0.tar.gz", "store"]);
  });

  it("cannot hold two files of one name, or two packages", async () => {
    const twice = [
      { path: "model.json", content: "a" },
      { path: "model.json", content: "b" },
    ];
    expect(await unpacked(packed(twice))).toContain("is there twice");
    const two = [
      { path: "some-model-1.0.0/model.json", content: "a" },
      { path: "other-model-1.0.0/model.json", content: "b" },
    ];
    expect(await unpacked(packed(two))).toContain("more than one package");
  });

  it("cannot grow beyond bounds: packed, unpacked, by number and by file, whatever it claims", async () => {
    const zeros = new Uint8Array(4_000_000);
    const bomb = packed([{ path: "model.onnx", content: zeros }]);
    expect(bomb.length).toBeLessThan(10_000);
    expect(await unpacked(bomb, { unpackedBytes: 1_000_000 })).toContain(
      "unpacks to more than 1000000 bytes",
    );
    expect(await unpacked(bomb, { fileBytes: 1_000_000 })).toContain("the limit is 1000000");
    expect(await unpacked(bomb, { archiveBytes: 1000 })).toContain("the limit is 1000");
    expect(await unpacked(packed([{ path: "model.onnx", claims: 2 ** 32 }]))).toMatch(/the limit is|no name/);
    const many = Array.from({ length: 30 }, (_, at) => ({ path: `golden/${at}.json`, content: "[]" }));
    expect(await unpacked(packed(many), { entries: 29 })).toContain("more than 29 files and folders");
    // Zeros behind the end of the archive, and an archive within.
    const tail = gzipSync(Buffer.concat([tarOf([{ path: "model.json", content: "{}" }]), zeros]));
    expect(await unpacked(tail, { unpackedBytes: 1_000_000 })).toContain("unpacks to more than");
    expect(await unpacked(gzipSync(bomb))).toContain("holds another archive");
  });

  it("is refused where it is none, or is cut", async () => {
    expect(await unpacked(Buffer.from("not an archive"))).toContain("is refused");
    const whole = packed([
      { path: "model.json", content: "{}" },
      { path: "golden/1.json", content: "[]" },
    ]);
    expect(await unpacked(whole.subarray(0, whole.length - 20))).toContain("is refused");
    const tar = tarOf([{ path: "model.json", content: "some text that is cut" }]);
    expect(await unpacked(gzipSync(tar.subarray(0, 520)))).toContain("is refused");
    const damaged = tarOf([{ path: "model.json", content: "{}" }]);
    damaged[150]! ^= 1;
    expect(await unpacked(gzipSync(damaged))).toContain("is refused");
  });
});
