import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readCheckpointsSync } from "../../device/audit/checkpoint-file.ts";
import { ChainWalk, checkLog, type LogToCheck } from "../../device/audit/log-check.ts";
import { exportLog, LOG_FILE, logLine, readLogLine } from "../../device/audit/log-export.ts";
import { checkSpool } from "../../device/audit/spool-check.ts";
import { describeImages } from "../../device/inference/evidence.ts";
import { readPlanes } from "../../device/inference/planes.ts";
import type { AuditRow } from "../../device/spool/port.ts";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { type AuditSite, cosigned, openAuditSite } from "../fixtures/audit-log.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { storeScored } from "../fixtures/scored-spool.ts";

const ROWS = 1000;
/** Entries of which every byte is flipped; of the others every twentieth. `LYNCEUS_AUDIT_ENTRIES=1000`: of all. */
const WHOLE = Number(process.env["LYNCEUS_AUDIT_ENTRIES"] ?? 15);
const SOURCE = "/NLRTM-EX/gw-01";

describe("a log of a thousand entries", () => {
  let site: AuditSite;
  let rows: readonly AuditRow[] = [];
  let notes: readonly string[] = [];
  let journal = "";

  beforeAll(async () => {
    site = await openAuditSite();
    await storeScored(site.spool, [{ firearm: 0.9 }, { firearm: null }, { firearm: 0.2 }]);
    await site.write(ROWS - 3);
    const checkpoints = site.checkpoints({ everyMs: 3_600_000 });
    await checkpoints.start();
    await vi.waitFor(() => expect(site.notes).toHaveLength(1), { timeout: 60_000 });
    await checkpoints.witness(Buffer.from(cosigned(site.notes[0] ?? "", site.central)));
    await checkpoints.stop();
    await site.spool.stop();
    const reader = openSpoolReader(site.spoolPath);
    journal = reader.journal();
    rows = [...reader.auditRows()];
    await exportLog({ reader, out: join(site.folder, "log"), source: SOURCE, keys: [], checkpoints: [] });
    reader.close();
    notes = readCheckpointsSync(site.spoolPath, journal).map(({ note }) => note);
  }, 120_000);
  afterAll(() => rmSync(site.folder, { recursive: true, force: true }));

  const check = (some: readonly AuditRow[], own: Partial<LogToCheck> = {}) =>
    checkLog({
      journal,
      source: SOURCE,
      rows: some,
      checkpoints: notes,
      keys: [site.gateway.raw],
      witnesses: [site.central.raw],
      ...own,
    });

  it("is verified whole: chain, signatures, checkpoint and co-signature", () => {
    expect(check(rows)).toMatchObject({
      rows: ROWS,
      signed: ROWS,
      checkpoints: 1,
      witnessed: { size: ROWS, by: "central" },
      broken: null,
    });
  });

  it(
    "P-48 shows every flipped byte",
    () => {
      const text = readFileSync(join(site.folder, "log", LOG_FILE), "utf8");
      const lines = text.split("\n").slice(0, -1);
      const walk = new ChainWalk({ journal, sources: [SOURCE], keys: [site.gateway.raw] });
      const step = Math.max(1, Math.floor(ROWS / WHOLE));
      const missed: string[] = [];
      let flips = 0;
      for (const [at, line] of lines.entries()) {
        const bytes = new TextEncoder().encode(`${line}\n`);
        for (
          let byte = at % step === 0 ? 0 : at % 20;
          byte < bytes.length;
          byte += at % step === 0 ? 1 : 20
        ) {
          const changed = bytes.slice();
          changed[byte] = (changed[byte] ?? 0) ^ (1 << ((byte + at) % 8));
          flips += 1;
          if (!isFound(changed, walk, at + 1)) missed.push(`byte ${byte} of entry ${at + 1}`);
        }
        expect(walk.step(readLogLine(line, at + 1))).toBeNull();
      }
      console.log(
        `${flips} flipped bytes of ${new TextEncoder().encode(text).length}, ${missed.length} not found`,
      );
      expect(missed).toEqual([]);
    },
    30 * 60_000,
  );

  it("shows a removed, a reordered, a repeated and an added entry, and names the first", () => {
    for (const at of [0, 1, 499, 998]) {
      const without = rows.toSpliced(at, 1);
      expect(check(without).broken, `without ${at + 1}`).toMatchObject({ what: "row", sequence: at + 2 });
      const swapped = rows.with(at, rows[at + 1] as AuditRow).with(at + 1, rows[at] as AuditRow);
      expect(check(swapped).broken).toMatchObject({ what: "row", sequence: at + 2, reason: "sequence" });
      expect(check(rows.toSpliced(at, 0, rows[at] as AuditRow)).broken).toMatchObject({ reason: "sequence" });
    }
    const last = rows.at(-1) as AuditRow;
    const added = { ...last, sequence: last.sequence + 1, previous: last.hash };
    expect(check([...rows, added]).broken).toMatchObject({ what: "row", sequence: ROWS + 1 });
  });

  it("P-49 shows that entries were taken off the end, by the co-signed checkpoint", () => {
    for (const left of [0, 1, 500, 999]) {
      const cut = rows.slice(0, left);
      expect(check(cut).broken).toMatchObject({
        what: "checkpoint",
        reason: "truncated",
        sequence: left + 1,
      });
      // Without any checkpoint nobody can know.
      expect(check(cut, { checkpoints: [] }).broken).toBeNull();
    }
  });

  it("shows a journal that was written anew with the gateway's own key, by the co-signed checkpoint", async () => {
    const forged = await openAuditSite({ gateway: site.gateway });
    try {
      await forged.write(ROWS);
      await forged.spool.stop();
      const reader = openSpoolReader(forged.spoolPath);
      const other = [...reader.auditRows()];
      const name = reader.journal();
      reader.close();
      const own = { journal: name, checkpoints: [] };
      expect(check(other, own).broken).toBeNull();
      expect(check(other, { journal: name }).broken).toMatchObject({ what: "checkpoint" });
    } finally {
      rmSync(forged.folder, { recursive: true, force: true });
    }
  });

  it("is not believed without the gateway's key, nor a checkpoint without its signature", () => {
    expect(check(rows, { keys: [] }).broken).toMatchObject({ what: "checkpoint" });
    expect(check(rows, { keys: [], checkpoints: [] }).broken).toMatchObject({
      sequence: 1,
      reason: "unknown-key",
    });
    expect(check(rows, { keys: [site.central.raw], checkpoints: [] }).broken).toMatchObject({
      reason: "unknown-key",
    });
    const stripped = rows.map((row) => (row.sequence > 500 ? { ...row, signature: null, keyId: null } : row));
    expect(check(stripped).broken).toMatchObject({ sequence: 501 });
  });

  it("keeps its chain where data was erased, and still shows a changed id", () => {
    const erased = rows.map((row) => (row.sequence <= 900 ? { ...row, event: null } : row));
    expect(check(erased)).toMatchObject({ rows: ROWS, erased: 900, broken: null });
    const other = erased.with(1, { ...(erased[1] as AuditRow), id: crypto.randomUUID() });
    expect(check(other).broken).toMatchObject({ sequence: 2, reason: "id" });
  });

  it("shows what was changed in the database of the spool", async () => {
    const report = () => {
      const reader = openSpoolReader(site.spoolPath);
      try {
        const keys = { keys: [site.gateway.raw], witnesses: [site.central.raw] };
        return checkSpool({
          reader,
          spoolPath: site.spoolPath,
          source: SOURCE,
          keys,
          notes: [],
          images: false,
        });
      } finally {
        reader.close();
      }
    };
    expect(report()).toMatchObject({ ok: true, broken: null });
    const db = new DatabaseSync(join(site.spoolPath, "journal.db"));
    const tampered = (sql: string) => {
      db.exec("SAVEPOINT t");
      db.exec(`RELEASE t; BEGIN; ${sql}; COMMIT`);
      return report().broken;
    };
    const before = db.prepare("SELECT event FROM outbox WHERE sequence = 2").get()?.["event"] as string;
    expect(
      tampered("UPDATE outbox SET event = replace(event, 'CLEAR', 'ALARM') WHERE sequence = 2"),
    ).toMatchObject({
      what: "row",
      sequence: 2,
      reason: "hash",
    });
    db.prepare("UPDATE outbox SET event = ? WHERE sequence = 2").run(before);
    expect(report().broken).toBeNull();
    expect(tampered("DELETE FROM outbox WHERE sequence = 700")).toMatchObject({
      sequence: 701,
      reason: "sequence",
    });
    db.close();
  });
});

function isFound(bytes: Uint8Array, walk: ChainWalk, number: number): boolean {
  let line: string;
  try {
    line = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return true;
  }
  // Without its end a line runs into the next.
  if (!line.endsWith("\n") || line.indexOf("\n") < line.length - 1) return true;
  try {
    return walk.faultOf(readLogLine(line.slice(0, -1), number)) !== null;
  } catch {
    return true;
  }
}

describe("image planes", () => {
  it("are those whose digests their hits name, until one is changed or gone", async () => {
    const site = await openAuditSite();
    try {
      const capture = await captureScan(site.spool, { scanRef: "a", seed: 3 });
      const { scan } = await site.spool.accept(capture, BARE_ITEM);
      const images = describeImages(readPlanes(scan));
      await site.spool.commitHit({
        scanId: scan.scanId,
        lane: "lane-1",
        revision: 1,
        state: "analysed",
        data: { site: "NLRTM-EX", gateway: "gw-01", decidedAt: "2026-11-20T08:00:00.000Z", images },
      });
      await site.spool.stop();
      const report = () => {
        const reader = openSpoolReader(site.spoolPath);
        const keys = { keys: [site.gateway.raw], witnesses: [] };
        const options = { spoolPath: site.spoolPath, source: SOURCE, keys, notes: [], images: true };
        const found = checkSpool({ ...options, reader });
        reader.close();
        return found;
      };
      expect(report()).toMatchObject({ ok: true, images: { scans: 1, images: 2 } });
      const plane = join(capture.directory, capture.planes[0]?.file ?? "");
      const bytes = readFileSync(plane);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(plane, bytes);
      expect(report()).toMatchObject({ ok: false, broken: { what: "image", sequence: 1 } });
      rmSync(plane);
      expect(report().broken?.message).toMatch(/cannot be read/);
    } finally {
      rmSync(site.folder, { recursive: true, force: true });
    }
  });
});

describe("rows that were saved from a damaged journal", () => {
  it("are verified by themselves, and those that are lost are told by the old journal's checkpoint", async () => {
    const site = await openAuditSite();
    try {
      await site.write(200);
      const checkpoints = site.checkpoints({ everyMs: 3_600_000 });
      await checkpoints.start();
      await vi.waitFor(() => expect(site.notes).toHaveLength(1), { timeout: 60_000 });
      await checkpoints.stop();
      await site.spool.stop();
      const old = site.spool.journal;
      damagePage(join(site.spoolPath, "journal.db"));
      const again = await openAuditSite({ gateway: site.gateway, folder: site.folder });
      await again.spool.stop();
      const reader = openSpoolReader(site.spoolPath);
      const keys = { keys: [site.gateway.raw], witnesses: [] };
      const options = { spoolPath: site.spoolPath, source: SOURCE, keys, notes: [], images: false };
      const report = checkSpool({ ...options, reader });
      reader.close();
      expect(report.broken).toBeNull();
      const saved = report.journals.find(({ journal }) => journal === old);
      expect(saved?.rows).toBeGreaterThan(100);
      expect(saved?.rows).toBeLessThan(200);
      expect(report.warnings.join(" ")).toMatch(
        /saved from a damaged file; a checkpoint says that it had 200/,
      );
    } finally {
      rmSync(site.folder, { recursive: true, force: true });
    }
  }, 120_000);
});

/** Spoils a page that holds rows. */
function damagePage(file: string): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const page = db
    .prepare(
      "SELECT pageno FROM dbstat WHERE name = 'outbox' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 5",
    )
    .get()?.["pageno"];
  db.close();
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, new Uint8Array(4096).fill(0xa5), 0, 4096, (Number(page) - 1) * 4096);
  closeSync(descriptor);
}

describe("the line of a row", () => {
  it("is one text only", () => {
    const row: AuditRow = {
      sequence: 1,
      id: crypto.randomUUID(),
      kind: "alert",
      lane: null,
      scanId: null,
      revision: null,
      createdAt: 0,
      previous: "0",
      hash: "0",
      signature: null,
      keyId: null,
      event: null,
    };
    const line = logLine(row).slice(0, -1);
    expect(readLogLine(line, 1)).toEqual(row);
    const refused = expect.objectContaining({ code: "LYN_AUDIT_BROKEN" });
    for (const other of [
      ` ${line}`,
      line.replace('"lane":null,', ""),
      line.replace('"createdAt":0', '"createdAt":0.0'),
    ])
      expect(() => readLogLine(other, 1)).toThrow(refused);
  });
});
