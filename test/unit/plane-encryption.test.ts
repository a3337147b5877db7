import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { encryptionWarnings } from "../../device/config/encryption.ts";
import { parseConfig } from "../../device/config/load.ts";
import { readPlanes } from "../../device/inference/planes.ts";
import { PlaneVault, parseSiteKey } from "../../device/keys/plane-vault.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { readRaster, writeRaster } from "../../device/profile/planes.ts";
import { shredKeys } from "../../device/spool/operations/shred.ts";
import { cipherAt } from "../../device/spool/plane-cipher.ts";
import type { Spool } from "../../device/spool/port.ts";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { createSpool } from "../../device/spool/spool.ts";
import { Written } from "../../device/spool/written.ts";
import { openTestJournal } from "../fixtures/journal.ts";
import { BARE_ITEM, captureScan, planeSamples } from "../fixtures/scans.ts";

const SEALED = expect.objectContaining({ code: "LYN_IMAGE_UNREADABLE" });

describe("image planes at rest", () => {
  const folders: string[] = [];
  const spools: Spool[] = [];
  afterEach(async () => {
    for (const spool of spools.splice(0)) await spool.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), "lynceus-sealed-"));
    folders.push(path);
    return path;
  };
  async function open(path: string, keys: readonly Uint8Array[]): Promise<Spool> {
    const spool = createSpool({
      path,
      minFreeBytes: 0,
      maxBytes: 1e9,
      keepPublishedMs: 1e9,
      site: "NLRTM-EX",
      gateway: "gw-01",
      clock: Date.now,
      log: SILENT_LOG,
      ballastBytes: 0,
      vault: new PlaneVault(keys),
    });
    await spool.start();
    spools.push(spool);
    return spool;
  }
  const close = async (spool: Spool) => {
    spools.splice(spools.indexOf(spool), 1);
    await spool.stop();
  };
  /** Every byte under a folder. */
  const everything = (path: string): Buffer =>
    Buffer.concat(
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
    );

  it("P-52 hold nothing of the image, are read as they came, after a restart too, and by nobody without the key", async () => {
    const [key, path] = [randomBytes(32), folder()];
    const spool = await open(path, [key]);
    const capture = await captureScan(spool, { scanRef: "a", seed: 5, lines: 24, height: 17 });
    const { scan } = await spool.accept(capture, BARE_ITEM);
    const low = planeSamples({ lines: 24, height: 17, seed: 10 });
    const plain = readPlanes(scan);
    const again = (await spool.scan(scan.scanId))?.scan;
    expect(again && readPlanes(again)).toEqual(plain);
    await close(spool);
    const bytes = everything(path);
    for (let at = 0; at + 16 <= low.length; at += 16)
      expect(bytes.includes(Buffer.from(low.subarray(at, at + 16)))).toBe(false);
    // No plane's key stands anywhere in the open either.
    for (const { cipher } of scan.planes)
      expect(cipher && "key" in cipher && bytes.includes(cipher.key)).toBe(false);

    const later = await open(path, [randomBytes(32), key]);
    const kept = (await later.scan(scan.scanId))?.scan;
    expect(kept && readPlanes(kept)).toEqual(plain);
    await close(later);
    const stranger = await open(path, [randomBytes(32)]);
    const sealed = (await stranger.scan(scan.scanId))?.scan;
    expect(() => sealed && readPlanes(sealed)).toThrow(SEALED);
    await close(stranger);
    for (const [vault, readable] of [
      [new PlaneVault([key]), true],
      [new PlaneVault([]), false],
    ] as const) {
      const reader = openSpoolReader(path, vault);
      const stored = reader.scan(scan.scanId)?.scan;
      if (readable) expect(stored && readPlanes(stored)).toEqual(plain);
      else expect(() => stored && readPlanes(stored)).toThrow(SEALED);
      reader.close();
    }
  });

  it("are the same image whatever order lines come in, repeated or missing", async () => {
    const spool = await open(folder(), [randomBytes(32)]);
    const [lines, height] = [40, 13];
    const samples = planeSamples({ lines, height, seed: 2 });
    const writer = await spool.begin({ lane: "lane-1", maxBytes: 1 << 20 });
    const at = { view: 0, energy: 2, height } as const;
    const line = (from: number, to: number) => samples.subarray(from * height * 2, to * height * 2);
    for (const [from, to] of [
      [30, 33],
      [0, 3],
      [2, 9],
      [10, 11],
      [31, 36],
    ] as const)
      await writer.writeLines(at, from, line(from, to));
    const planes = await writer.finish([{ view: 0, energy: 2, lines }]);
    const raster = await readRaster({ directory: writer.directory }, planes[0]!);
    const expected = new Uint16Array(lines * height);
    const given = new Uint16Array(samples.buffer.slice(0));
    for (const [from, to] of [
      [0, 9],
      [10, 11],
      [30, 36],
    ] as const)
      expected.set(given.subarray(from * height, to * height), from * height);
    expect(raster).toMatchObject({ width: lines, height });
    const turned = new Uint16Array(lines * height);
    for (let x = 0; x < lines; x += 1)
      for (let y = 0; y < height; y += 1) turned[y * lines + x] = expected[x * height + y] ?? 0;
    expect(raster.data).toEqual(turned);
    // Another content of the same file has another key.
    const written = await writeRaster({ directory: writer.directory }, planes[0]!, {
      width: 2,
      height: 1,
      channels: 1,
      data: Uint16Array.of(7, 9),
    });
    expect(written.cipher).not.toEqual(planes[0]?.cipher);
    expect((await readRaster({ directory: writer.directory }, written)).data).toEqual(Uint16Array.of(7, 9));
    await writer.discard();
  });

  it("are not encrypted where nobody asked", async () => {
    const spool = await open(folder(), []);
    const { scan } = await spool.accept(await captureScan(spool, { scanRef: "a", seed: 1 }), BARE_ITEM);
    expect(scan.planes.every((plane) => !("cipher" in plane))).toBe(true);
  });
});

describe("a scan that is evicted", () => {
  it("has no key of its planes left in the journal", () => {
    const path = mkdtempSync(join(tmpdir(), "lynceus-shred-"));
    const journal = openTestJournal(path);
    try {
      const [one, other] = [journal.scan(), journal.scan()];
      for (const id of [one, other]) {
        const row = journal.database.get("SELECT scan FROM scans WHERE scan_id = ?", id);
        const scan = JSON.parse(String(row?.["scan"])) as Record<string, unknown>;
        const planes = [{ file: "a", cipher: { by: "x", sealed: `sealed-${id}` } }, { file: "b" }];
        journal.database.run(
          "UPDATE scans SET scan = ? WHERE scan_id = ?",
          JSON.stringify({ ...scan, planes }),
          id,
        );
      }
      shredKeys(journal.database, one);
      const scans = journal.database.all("SELECT scan FROM scans").map((row) => String(row["scan"]));
      expect(scans.filter((text) => text.includes(`sealed-${one}`))).toEqual([]);
      expect(scans.filter((text) => text.includes(`sealed-${other}`))).toHaveLength(1);
      expect(scans.every((text) => (JSON.parse(text) as { planes: unknown[] }).planes.length === 2)).toBe(
        true,
      );
    } finally {
      journal.close();
      rmSync(path, { recursive: true, force: true });
    }
  });
});

describe("where the encryption of planes does not reach", () => {
  it("is said: files as a DICOM or folder scanner sent them", () => {
    const configuration = (lane: string, more = "") =>
      parseConfig(
        `schema: lynceus-config/1\ngateway: { site: NLRTM-EX, id: gw-01 }\nbroker: { url: "mqtt://127.0.0.1" }\nspool: { path: /s${more} }\nlanes: [{ id: a, scanner: ${lane} }]\n`,
        "/etc/lynceus/lynceus.yaml",
      );
    const [folder, line] = [
      "{ driver: folder, path: /in }",
      '{ driver: line-scan, transport: "tcp://127.0.0.1:1" }',
    ];
    const asked = ", encryption: { key: spool.key, previous: [env:OLD] }";
    const told = configuration(folder, asked);
    expect(told.spool.encryption).toEqual({ key: "/etc/lynceus/spool.key", previous: ["env:OLD"] });
    expect(encryptionWarnings(told).map(({ path }) => path)).toEqual(["lanes[0].scanner"]);
    expect(encryptionWarnings(configuration(line, asked))).toEqual([]);
    expect(encryptionWarnings(configuration(folder))).toEqual([]);
  });
});

describe("the vault", () => {
  const scan = (key: string) => ({
    directory: "/spool/scans/20261120/one",
    planes: [
      {
        view: 0,
        energy: 0,
        width: 1,
        height: 1,
        file: "a",
        layout: "rows",
        format: "u16",
        bytes: 2,
        cipher: { key },
      },
    ] as const,
  });

  it("binds a sealed key to its folder and file", () => {
    const vault = new PlaneVault([randomBytes(32)]);
    const key = randomBytes(32).toString("base64");
    const sealed = vault.seal(scan(key));
    expect(JSON.stringify(sealed)).not.toContain(key);
    expect(vault.unseal(sealed)).toEqual(scan(key));
    const moved = { ...sealed, directory: "/spool/scans/20261120/two" };
    expect(vault.unseal(moved)).toEqual(moved);
    const other = { ...sealed, planes: sealed.planes.map((plane) => ({ ...plane, file: "b" })) };
    expect(vault.unseal(other)).toEqual(other);
  });

  it("takes keys of 32 bytes, plain, in hex or base64, and no others", () => {
    const key = new Uint8Array(randomBytes(32));
    const text = (value: string) => new TextEncoder().encode(value);
    for (const given of [
      key,
      text(`${Buffer.from(key).toString("hex")}\n`),
      text(Buffer.from(key).toString("base64")),
    ])
      expect(new Uint8Array(parseSiteKey(given))).toEqual(key);
    const refused = expect.objectContaining({ code: "LYN_SPOOL_KEY" });
    for (const given of [new Uint8Array(31), text("secret"), new Uint8Array()])
      expect(() => parseSiteKey(given)).toThrow(refused);
    expect(() => new PlaneVault([new Uint8Array(16)])).toThrow(refused);
  });
});

describe("a cipher that begins anywhere", () => {
  it("gives what one run over the whole gives", () => {
    const cipher = { key: randomBytes(32).toString("base64") };
    const data = new Uint8Array(randomBytes(1000));
    const whole = cipherAt(cipher, 0, data);
    expect(new Uint8Array(cipherAt(cipher, 0, whole))).toEqual(data);
    for (const from of [1, 15, 16, 17, 31, 32, 500, 999])
      expect(Buffer.from(cipherAt(cipher, from, data.subarray(from)))).toEqual(
        Buffer.from(whole.subarray(from)),
      );
  });

  it("knows which bytes were written", () => {
    const range = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, length]) => ({ from, to: from + length + 1 }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
        const written = new Written();
        const model = new Uint8Array(100);
        for (const { from, to } of ranges) {
          written.add(from, to);
          model.fill(1, from, to);
        }
        const gaps = new Uint8Array(100).fill(1);
        for (const { from, to } of written.gaps(100)) gaps.fill(0, from, to);
        expect(gaps).toEqual(model);
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
