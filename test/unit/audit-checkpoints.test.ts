import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  checkpointFile,
  cutCheckpoints,
  type KeptCheckpoint,
  MAX_CHECKPOINTS,
  readCheckpointsSync,
} from "../../device/audit/checkpoint-file.ts";
import { parseCheckpoint, parseNote, verifyNoteSignature } from "../../protocols/signed-note.ts";
import { type AuditSite, cosigned, openAuditSite, testKey } from "../fixtures/audit-log.ts";

const WAIT = { timeout: 60_000 };

describe("checkpoints of the journal", () => {
  const sites: AuditSite[] = [];
  afterEach(async () => {
    for (const site of sites.splice(0)) {
      await site.spool.stop();
      rmSync(site.folder, { recursive: true, force: true });
    }
  });
  const open = async (options?: Parameters<typeof openAuditSite>[0]) => {
    const site = await openAuditSite(options);
    sites.push(site);
    return site;
  };
  const sizes = (site: AuditSite) => site.notes.map((note) => parseCheckpoint(parseNote(note).text).size);

  it("are signed notes of the gateway's key, made when there is something new, and only then", async () => {
    const site = await open();
    const checkpoints = site.checkpoints();
    await checkpoints.start();
    await site.write(3);
    await vi.waitFor(() => expect(sizes(site)).toContain(3), WAIT);
    const note = parseNote(site.notes.at(-1) ?? "");
    expect(note.text.split("\n")[0]).toBe(`lynceus/NLRTM-EX/gw-01/${site.spool.journal}`);
    const signature = note.signatures[0];
    expect(signature && verifyNoteSignature(note.text, signature, [site.gateway.raw])).not.toBeNull();
    const kept = readCheckpointsSync(site.spoolPath, site.spool.journal).length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readCheckpointsSync(site.spoolPath, site.spool.journal)).toHaveLength(kept);
    await site.write(1);
    await vi.waitFor(() => expect(checkpoints.state.size).toBe(4), WAIT);
    await checkpoints.stop();
  });

  it("are made after 256 rows without waiting for the minute", async () => {
    const site = await open();
    const checkpoints = site.checkpoints({ everyMs: 3_600_000 });
    await checkpoints.start();
    await site.write(300);
    await vi.waitFor(() => expect(checkpoints.state.size).toBeGreaterThanOrEqual(256), WAIT);
    await checkpoints.stop();
  });

  it("are told until a broker takes them, the newest only, and again to a central that is silent", async () => {
    const site = await open();
    site.broker = false;
    const checkpoints = site.checkpoints();
    await checkpoints.start();
    await site.write(2);
    await vi.waitFor(() => expect(checkpoints.state.size).toBe(2), WAIT);
    expect(site.notes).toEqual([]);
    site.broker = true;
    await vi.waitFor(() => expect(site.notes.length).toBeGreaterThan(1), WAIT);
    expect(new Set(site.notes).size).toBe(1);
    await checkpoints.witness(Buffer.from(cosigned(site.notes[0] ?? "", site.central)));
    const told = site.notes.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(site.notes).toHaveLength(told);
    expect(checkpoints.state).toEqual({ size: 2, witnessedSize: 2 });
    await checkpoints.stop();
  });

  it("P-50 take central's co-signature of this very tree and refuse any other with an alert", async () => {
    const [site, other] = [await open(), await open()];
    const [checkpoints, foreign] = [site.checkpoints(), other.checkpoints()];
    await checkpoints.start();
    await foreign.start();
    await Promise.all([site.write(2), other.write(2)]);
    await vi.waitFor(
      () => expect([...sizes(site), ...sizes(other)].filter((size) => size === 2).length).toBeGreaterThan(1),
      WAIT,
    );
    await vi.waitFor(() => expect([sizes(site).at(-1), sizes(other).at(-1)]).toEqual([2, 2]), WAIT);
    await foreign.stop();
    const note = site.notes.at(-1) ?? "";
    for (const [what, bytes] of [
      ["another log or tree", cosigned(other.notes.at(-1) ?? "", site.central)],
      ["no key in trust.central", cosigned(note, testKey())],
      ["no key in trust.central", note],
      ["no such checkpoint", cosigned(note, site.central).replace("\n2\n", "\n7\n")],
      ["cannot be used", "nonsense"],
      ["too long", "x".repeat(20_000)],
    ] as const) {
      site.alerts.length = 0;
      await checkpoints.witness(Buffer.from(bytes));
      expect(site.alerts.map(({ code, message }) => `${code} ${message}`)).toEqual([
        expect.stringMatching(new RegExp(`^WITNESS_REFUSED .*${what}`)),
      ]);
    }
    expect(checkpoints.state.witnessedSize).toBe(0);
    await checkpoints.witness(Buffer.from(cosigned(note, site.central)));
    expect(checkpoints.state.witnessedSize).toBe(2);
    await checkpoints.stop();
  });

  it("go on after a restart from what is on the disk", async () => {
    const site = await open();
    const first = site.checkpoints();
    await first.start();
    await site.write(2);
    await vi.waitFor(() => expect(first.state.size).toBe(2), WAIT);
    await first.stop();
    const second = site.checkpoints();
    await second.start();
    expect(second.state.size).toBe(2);
    await site.write(1);
    await vi.waitFor(() => expect(second.state.size).toBe(3), WAIT);
    await second.stop();
    expect(site.alerts).toEqual([]);
  });

  it.each([
    ["rows were changed", "UPDATE outbox SET hash = replace(hash, '0', '1') WHERE sequence = 1"],
    ["rows are gone from the end", "DELETE FROM outbox WHERE sequence > 1"],
    ["rows are gone from the middle", "DELETE FROM outbox WHERE sequence = 2"],
  ])("end with an alert where %s: a rewritten journal is not signed", async (_, sql) => {
    const site = await open();
    const first = site.checkpoints();
    await first.start();
    await site.write(4);
    await vi.waitFor(() => expect(first.state.size).toBe(4), WAIT);
    await first.stop();
    const db = new DatabaseSync(join(site.spoolPath, "journal.db"), { timeout: 10_000 });
    db.exec(sql);
    db.close();
    const second = site.checkpoints();
    await second.start();
    await vi.waitFor(() => expect(site.alerts).toHaveLength(1), WAIT);
    expect(site.alerts[0]).toMatchObject({ code: "AUDIT_BROKEN", severity: "critical" });
    expect(second.state.size).toBe(4);
    await second.stop();
  });

  it("say that their file is damaged, and are not made without a key", async () => {
    const site = await open();
    const first = site.checkpoints();
    await first.start();
    await site.write(1);
    await vi.waitFor(() => expect(first.state.size).toBe(1), WAIT);
    await first.stop();
    writeFileSync(checkpointFile(site.spoolPath, site.spool.journal), "{");
    const second = site.checkpoints();
    await second.start();
    expect(site.alerts).toEqual([expect.objectContaining({ code: "AUDIT_BROKEN" })]);
    await second.stop();
    const unsigned = await open({ signed: false });
    const none = unsigned.checkpoints();
    await none.start();
    await unsigned.write(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(unsigned.notes).toEqual([]);
    await none.stop();
  });

  it("are not made while the key does not sign, which an alert says, and are made once it does", async () => {
    const site = await open();
    let signs = false;
    const { spool } = site;
    const log = {
      journal: spool.journal,
      rowHashes: (after: number, limit: number) => spool.rowHashes(after, limit),
      signer: () => spool.signer(),
      signText: async (text: string) => (signs ? spool.signText(text) : null),
      heartbeat: () => spool.heartbeat(),
      onCommitted: (listener: Parameters<typeof spool.onCommitted>[0]) => spool.onCommitted(listener),
    };
    const checkpoints = site.checkpoints({ log });
    await checkpoints.start();
    await site.write(2);
    await vi.waitFor(() => expect(site.alerts[0]).toMatchObject({ code: "SIGNING_FAILED" }), WAIT);
    expect(checkpoints.state.size).toBe(0);
    signs = true;
    await vi.waitFor(() => expect(checkpoints.state.size).toBe(2), WAIT);
    await checkpoints.stop();
  });

  it("are kept in bounds: the newest, and the newest that was co-signed", () => {
    const kept = Array.from({ length: 1000 }, (_, size): KeptCheckpoint => {
      return { size, at: size, note: "", published: true, witnessed: size === 10 || size === 20 };
    });
    const cut = cutCheckpoints(kept);
    expect(cut).toHaveLength(MAX_CHECKPOINTS + 1);
    expect([cut[0]?.size, cut[1]?.size, cut.at(-1)?.size]).toEqual([20, 1000 - MAX_CHECKPOINTS, 999]);
    expect(cutCheckpoints(cut)).toEqual(cut);
  });
});
