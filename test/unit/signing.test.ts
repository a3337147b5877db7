import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import { createSigner } from "../../device/signing.ts";
import { createSpool } from "../../device/spool/spool.ts";
import { type ChainRow, chainRow, verifyChain, verifySignature } from "../../protocols/chain.ts";

const pemOf = (type: "ed25519" | "ed448") =>
  new TextEncoder().encode(
    generateKeyPairSync(type as "ed25519")
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString(),
  );

describe("the signature of the journal", () => {
  it("P-33 signs every row with the configured key, so that central can verify each with the public one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lynceus-sign-"));
    const pem = pemOf("ed25519");
    const signer = createSigner(pem);
    const raw = new Uint8Array(Buffer.from(signer.publicKey, "base64url"));
    const spool = createSpool({
      path: join(folder, "spool"),
      minFreeBytes: 0,
      maxBytes: 1e9,
      keepPublishedMs: 1e9,
      site: "NLRTM-EX",
      gateway: "gw-01",
      clock: Date.now,
      log: SILENT_LOG,
      signingKey: pem,
    });
    await spool.start();
    try {
      const rows: ChainRow[] = [];
      for (const code of ["DISK_LOW", "LINK_ERRORS", "DISK_LOW"]) {
        const row = await spool.commitAlert({
          data: { code, severity: "info", message: "m", remedy: "r", details: {} },
          lane: null,
          scanId: null,
        });
        const { data } = JSON.parse(row.event) as {
          data: Parameters<typeof chainRow>[0] & {
            integrity: { hash: string; signature: string; keyId: string };
          };
        };
        expect(data.integrity.keyId).toBe(signer.keyId);
        expect(verifySignature(data.integrity.hash, data.integrity.signature, raw)).toBe(true);
        rows.push(chainRow(data));
      }
      expect(verifyChain(rows, { keys: new Map([[signer.keyId, raw]]) })).toMatchObject({ ok: true });
    } finally {
      await spool.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("refuses a key of another kind with a remedy", () => {
    expect(() => createSigner(pemOf("ed448"))).toThrow(/type ed448/);
    expect(() => createSigner(new TextEncoder().encode("not a key"))).toThrow(/signing key cannot be used/);
  });
});
