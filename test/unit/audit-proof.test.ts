import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkExport } from "../../device/audit/export-check.ts";
import { checkProof, proofOf, readProof, type ScanProof } from "../../device/audit/proof.ts";
import { type AuditSite, cosigned, openAuditSite, testKey } from "../fixtures/audit-log.ts";
import { storeScored } from "../fixtures/scored-spool.ts";

const WAIT = { timeout: 60_000 };

describe("the proof of a scan", () => {
  let site: AuditSite;
  let proof: ScanProof;
  const prove = (sequences: readonly number[]) =>
    proofOf({
      spoolPath: site.spoolPath,
      site: "NLRTM-EX",
      gateway: "gw-01",
      sequences,
      keys: [site.gateway.raw],
    });
  const check = (some: ScanProof, witnesses = [site.central.raw]) =>
    checkProof(some, { keys: [site.gateway.raw], witnesses });

  beforeAll(async () => {
    site = await openAuditSite();
    await storeScored(site.spool, [{ firearm: 0.9 }, { firearm: null }]);
    await site.write(35);
    const checkpoints = site.checkpoints({ everyMs: 3_600_000 });
    await checkpoints.start();
    await vi.waitFor(() => expect(site.notes).toHaveLength(1), WAIT);
    await checkpoints.witness(Buffer.from(cosigned(site.notes[0] ?? "", site.central)));
    await checkpoints.stop();
    await site.write(3); // younger than the checkpoint
    await site.spool.stop();
    proof = prove([2, 1, 20]);
  }, 120_000);
  afterAll(() => rmSync(site.folder, { recursive: true, force: true }));

  it("holds by itself, under a checkpoint that central co-signed", () => {
    expect(readProof(JSON.stringify(proof))).toEqual(proof);
    expect(check(proof)).toEqual({
      rows: 3,
      proven: 3,
      checkpoint: { size: 37, witness: "central" },
      broken: null,
    });
  });

  it("says which rows no checkpoint holds yet", () => {
    expect(check(prove([1, 38]))).toMatchObject({ rows: 2, proven: 1, broken: null });
  });

  it("breaks where anything of it is changed", () => {
    const first = proof.rows[0] as ScanProof["rows"][number];
    const withRow = (change: Partial<typeof first.row>) => ({
      ...proof,
      rows: [{ ...first, row: { ...first.row, ...change } }, ...proof.rows.slice(1)],
    });
    const event = first.row.event ?? "";
    const cases: [ScanProof, string][] = [
      [withRow({ event: event.replace("ALARM", "CLEAR") }), "hash"],
      [withRow({ event: `${event} ` }), "event"],
      [withRow({ id: crypto.randomUUID() }), "id"],
      [withRow({ signature: null }), "event"],
      [withRow({ keyId: "0".repeat(16) }), "event"],
      [{ ...proof, rows: [{ ...first, inclusion: first.inclusion?.slice(1) ?? [] }] }, "inclusion"],
      [{ ...proof, rows: [{ ...first, inclusion: null }] }, "inclusion"],
      [{ ...proof, rows: [{ ...first, inclusion: proof.rows[1]?.inclusion ?? [] }] }, "inclusion"],
      [{ ...proof, checkpoint: (proof.checkpoint ?? "").replace("\n37\n", "\n36\n") }, "checkpoint"],
      [{ ...proof, checkpoint: cosigned(site.notes[0] ?? "", site.central) }, "checkpoint"],
      [{ ...proof, checkpoint: "nonsense" }, "checkpoint"],
      [{ ...proof, journal: crypto.randomUUID() }, "checkpoint"],
    ];
    for (const [changed, reason] of cases) expect(check(changed).broken?.reason).toBe(reason);
    expect(check(proof, [testKey().raw]).broken?.reason).toBe("checkpoint");
    expect(checkProof(proof, { keys: [], witnesses: [] }).broken).not.toBeNull();
  });

  it("is verified in a folder, with keys that are given or, as is said, its own", async () => {
    const folder = join(site.folder, "evidence");
    mkdirSync(folder);
    writeFileSync(join(folder, "proof.json"), JSON.stringify(proof));
    const witnesses = [site.central.raw];
    const given = await checkExport(folder, { keys: [site.gateway.raw], witnesses, notes: [] });
    expect(given).toMatchObject({ ok: true, journals: [{ rows: 3, signed: 3, witnessed: { size: 37 } }] });
    const own = await checkExport(folder, { keys: null, witnesses, notes: [] });
    expect(own.ok).toBe(true);
    expect(own.warnings.join(" ")).toMatch(/taken from the export itself/);
    const stranger = await checkExport(folder, { keys: [testKey().raw], witnesses, notes: [] });
    expect(stranger.ok).toBe(false);
    writeFileSync(join(folder, "proof.json"), "{}");
    const refused = expect.objectContaining({ code: "LYN_AUDIT_EXPORT" });
    await expect(checkExport(folder, { keys: null, witnesses, notes: [] })).rejects.toEqual(refused);
    await expect(checkExport(site.folder, { keys: null, witnesses, notes: [] })).rejects.toEqual(refused);
    await expect(
      checkExport(join(site.folder, "absent"), { keys: null, witnesses, notes: [] }),
    ).rejects.toEqual(expect.objectContaining({ code: "LYN_PATH_MISSING" }));
  });
});
