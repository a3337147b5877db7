import { sign as nodeSign, verify } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSecret } from "../../device/config/secrets.ts";
import { parseTokenKey } from "../../device/keys/pkcs11-uri.ts";
import { openSigner } from "../../device/keys/signer.ts";
import { readSigningKey } from "../../device/keys/signing-key.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { createSpool } from "../../device/spool/spool.ts";
import { type ChainRow, chainRow, keyIdOf, verifyChain } from "../../protocols/chain.ts";
import { testKey } from "../fixtures/audit-log.ts";
import { runCommand } from "../fixtures/run-command.ts";

const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const MINUTE = 60_000;
const PIN = "274915";

describe("the signing key", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-key-"));
  const key = testKey();
  const env = process.env;
  const path = (name: string) => join(folder, name);
  const uri = (more = "") =>
    `pkcs11:token=gate;object=signing;type=private?module-path=${MODULE}&pin-source=${path("pin")}${more}`;
  let before: string | undefined;

  beforeAll(async () => {
    before = process.env["SOFTHSM2_CONF"];
    mkdirSync(path("tokens"));
    writeFileSync(
      path("softhsm2.conf"),
      `directories.tokendir = ${path("tokens")}\nobjectstore.backend = file\n`,
    );
    process.env["SOFTHSM2_CONF"] = path("softhsm2.conf");
    writeFileSync(path("pin"), `${PIN}\n`, { mode: 0o600 });
    writeFileSync(path("signing.key"), key.pem, { mode: 0o600 });
    const token = ["--token", "gate", "--pin", PIN];
    for (const args of [
      ["--init-token", "--free", "--label", "gate", "--so-pin", "12345678", "--pin", PIN],
      ["--import", path("signing.key"), ...token, "--label", "signing", "--id", "a1"],
    ]) {
      const run = await runCommand("softhsm2-util", args, { timeoutMs: MINUTE });
      expect(run.code, run.stdout + run.stderr).toBe(0);
    }
  }, 2 * MINUTE);
  afterAll(() => {
    if (before === undefined) delete process.env["SOFTHSM2_CONF"];
    else process.env["SOFTHSM2_CONF"] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it("in a token is refused with words where the PIN is wrong", async () => {
    // The first of all: a token that is open for one of a process is open for all of it.
    writeFileSync(path("wrong"), "999999", { mode: 0o600 });
    const open = async () => openSigner(await readSigningKey({ key: uri().replace("/pin", "/wrong") }, env));
    await expect(open()).rejects.toMatchObject({
      code: "LYN_PKCS11",
      message: expect.stringContaining("refuses the PIN"),
    });
  });

  it("in a token signs as the same key in a file does, and never leaves it", async () => {
    expect(existsSync(MODULE)).toBe(true);
    const token = openSigner(await readSigningKey({ key: uri() }, env));
    const file = openSigner(await readSigningKey({ key: path("signing.key") }, env));
    expect(token.publicKey).toBe(file.publicKey);
    expect(token.keyId).toBe(keyIdOf(key.raw));
    const hash = "ab".repeat(32);
    expect(token.sign(hash)).toBe(file.sign(hash));
    const text = token.signText("a checkpoint\n") ?? new Uint8Array();
    expect(verify(null, Buffer.from("a checkpoint\n"), key.privateKey, text)).toBe(true);
    expect(Buffer.from(text)).toEqual(nodeSign(null, Buffer.from("a checkpoint\n"), key.privateKey));
    const byId = openSigner(await readSigningKey({ key: uri().replace("object=signing", "id=%a1") }, env));
    expect(byId.publicKey).toBe(file.publicKey);
  });

  it(
    "in a token signs the rows of a journal, in the journal's own thread",
    async () => {
      const spool = createSpool({
        path: path("spool"),
        minFreeBytes: 0,
        maxBytes: 1e9,
        keepPublishedMs: 1e9,
        site: "NLRTM-EX",
        gateway: "gw-01",
        clock: Date.now,
        log: SILENT_LOG,
        signingKey: await readSigningKey({ key: uri() }, env),
        ballastBytes: 0,
      });
      await spool.start();
      try {
        const rows: ChainRow[] = [];
        for (let at = 0; at < 20; at += 1) {
          const row = await spool.commitAlert({
            data: { code: "DISK_LOW", severity: "info", message: "m", remedy: "r", details: {} },
            lane: null,
            scanId: null,
          });
          rows.push(chainRow((JSON.parse(row.event) as { data: Parameters<typeof chainRow>[0] }).data));
        }
        const keys = new Map([[keyIdOf(key.raw), key.raw]]);
        expect(rows.every(({ integrity }) => integrity.signature !== null)).toBe(true);
        expect(verifyChain(rows, { keys })).toMatchObject({ ok: true, rows: 20 });
      } finally {
        await spool.stop();
      }
    },
    MINUTE,
  );

  it.each([
    [
      "token=other",
      "no token with the label other",
      (text: string) => text.replace("token=gate", "token=other"),
    ],
    [
      "object=other",
      "there is no private key other",
      (text: string) => text.replace("object=signing", "object=other"),
    ],
    ["no library", "cannot be loaded", (text: string) => text.replace(MODULE, "/nowhere/library.so")],
  ])("in a token is refused with words where it is %s", async (_, words, change) => {
    const open = async () => openSigner(await readSigningKey({ key: change(uri()) }, env));
    await expect(open()).rejects.toMatchObject({
      code: "LYN_PKCS11",
      message: expect.stringContaining(words),
    });
  });

  it("in a token is named by a URI without a secret", () => {
    expect(parseTokenKey("pkcs11:token=a%20b;id=%01%ff?module-path=/x.so&pin-source=file:/etc/pin")).toEqual({
      module: "/x.so",
      token: "a b",
      object: null,
      id: Uint8Array.of(1, 255),
      pinSource: "/etc/pin",
    });
    for (const text of [
      "pkcs11:object=a",
      "pkcs11:?module-path=/x.so",
      "pkcs11:object=a?module-path=x.so",
      "pkcs11:object=a?module-path=/x.so&pin-value=1234",
      "pkcs11:object=a;type=public?module-path=/x.so",
      "pkcs11:object=a;object=b?module-path=/x.so",
      "pkcs11:object=a;colour=b?module-path=/x.so",
      "pkcs11:object=a%2?module-path=/x.so",
      `pkcs11:object=${"a".repeat(2000)}?module-path=/x.so`,
      "pkcs11:object=a?module-path=/x.so?more",
    ])
      expect(() => parseTokenKey(text), text).toThrow(expect.objectContaining({ code: "LYN_PKCS11" }));
  });

  it.each([0o620, 0o602, 0o666, 0o777])(
    "in a file of mode %o, which others may write, is refused",
    async (mode) => {
      writeFileSync(path("open.key"), key.pem);
      chmodSync(path("open.key"), mode);
      await expect(readSigningKey({ key: path("open.key") }, env)).rejects.toMatchObject({
        code: "LYN_SIGNING_KEY_EXPOSED",
        remedy: expect.stringContaining("chmod 600"),
      });
      chmodSync(path("pin"), mode);
      await expect(readSigningKey({ key: uri() }, env)).rejects.toMatchObject({
        code: "LYN_SIGNING_KEY_EXPOSED",
      });
      chmodSync(path("pin"), 0o600);
    },
  );

  it("in a file of the owner's own is taken, and from systemd's credentials", async () => {
    for (const mode of [0o600, 0o400, 0o644]) {
      chmodSync(path("signing.key"), mode);
      expect(await readSigningKey({ key: path("signing.key") }, env)).toMatchObject({ kind: "pem" });
    }
    const unit = { CREDENTIALS_DIRECTORY: folder };
    const found = await readSigningKey({ key: "credential:signing.key" }, unit);
    expect(found.kind === "pem" && Buffer.from(found.pem)).toEqual(Buffer.from(key.pem));
    const refused = expect.objectContaining({ code: "LYN_SECRET_UNREADABLE" });
    for (const [reference, more] of [
      ["credential:signing.key", {}],
      ["credential:../signing.key", unit],
      ["credential:", unit],
      ["credential:absent", unit],
    ] as const)
      await expect(readSecret(reference, more)).rejects.toEqual(refused);
  });

  it(
    "is sealed by systemd-creds for the unit, and read from there",
    async () => {
      const sealed = path("signing.cred");
      const encrypt = await runCommand(
        "systemd-creds",
        ["encrypt", "--with-key=host", "--name=signing.key", path("signing.key"), sealed],
        { timeoutMs: MINUTE },
      );
      if (encrypt.code !== 0) {
        console.log(`systemd-creds seals nothing here: ${encrypt.stderr.trim().split("\n").at(-1)}`);
        return;
      }
      mkdirSync(path("credentials"));
      const out = path("credentials/signing.key");
      // What systemd does for LoadCredentialEncrypted=.
      const decrypt = await runCommand("systemd-creds", ["decrypt", "--name=signing.key", sealed, out], {
        timeoutMs: MINUTE,
      });
      expect(decrypt.code, decrypt.stderr).toBe(0);
      const found = await readSigningKey(
        { key: "credential:signing.key" },
        { CREDENTIALS_DIRECTORY: path("credentials") },
      );
      expect(openSigner(found).keyId).toBe(keyIdOf(key.raw));
      const other = await runCommand("systemd-creds", ["decrypt", "--name=other", sealed, "-"], {
        timeoutMs: MINUTE,
      });
      expect(other.code).not.toBe(0);
    },
    3 * MINUTE,
  );
});
