import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkpointOrigin,
  checkpointText,
  cosignature,
  cosignedMessage,
  formatNote,
  leafHash,
  MerkleTree,
  parseCheckpoint,
  parseNote,
  plainSignature,
  TreeHead,
  verifyConsistency,
  verifyInclusion,
  verifyNoteSignature,
} from "../../protocols/index.ts";

/** Leaves and roots of the test vectors of Certificate Transparency (RFC 6962's reference implementation). */
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const leafOf = (text: string) => leafHash(Buffer.from(text, "hex"));

function treeOf(count: number): { tree: MerkleTree; leaves: Uint8Array[] } {
  const tree = new MerkleTree();
  const leaves = Array.from({ length: count }, (_, at) => leafHash(Buffer.from(`entry ${at}`)));
  for (const leaf of leaves) tree.append(leaf);
  return { tree, leaves };
}

describe("Merkle trees", () => {
  it("have the roots of RFC 6962's test vectors, as a whole tree and as a head", () => {
    const tree = new MerkleTree();
    const head = new TreeHead();
    for (const [size, root] of ROOTS.entries()) {
      expect(hex(tree.root())).toBe(root);
      expect(hex(head.root())).toBe(root);
      const next = LEAVES[size];
      if (next === undefined) break;
      tree.append(leafOf(next));
      head.append(leafOf(next));
    }
    for (const [size, root] of ROOTS.entries()) expect(hex(tree.root(size))).toBe(root);
  });

  it("prove each entry of each size, and no other", () => {
    const { tree, leaves } = treeOf(40);
    for (let size = 1; size <= 40; size += 1) {
      const root = tree.root(size);
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const proof = tree.inclusionProof(index, size);
        expect(verifyInclusion({ index, size, leaf, proof, root })).toBe(true);
        expect(verifyInclusion({ index: index + 1, size, leaf, proof, root })).toBe(false);
        const other = leaves[(index + 1) % size] ?? leaf;
        if (size > 1) expect(verifyInclusion({ index, size, leaf: other, proof, root })).toBe(false);
        expect(verifyInclusion({ index, size, leaf, proof: [...proof, root], root })).toBe(false);
      }
    }
  });

  it("show that each size is the beginning of each larger one, and of no tree with another history", () => {
    const { tree } = treeOf(40);
    const { tree: other, leaves } = treeOf(0);
    leaves.push(leafHash(Buffer.from("something else")));
    for (let at = 0; at < 40; at += 1)
      other.append(at === 3 ? leafHash(Buffer.from("rewritten")) : leafHash(Buffer.from(`entry ${at}`)));
    for (let from = 1; from <= 40; from += 1) {
      for (let to = from; to <= 40; to += 1) {
        const claim = { from, to, fromRoot: tree.root(from), toRoot: tree.root(to) };
        expect(verifyConsistency({ ...claim, proof: tree.consistencyProof(from, to) })).toBe(true);
        if (from < 4) continue;
        const rewritten = { ...claim, toRoot: other.root(to), proof: other.consistencyProof(from, to) };
        expect(verifyConsistency(rewritten)).toBe(false);
      }
    }
  });

  it("refuse what cannot be", () => {
    const { tree, leaves } = treeOf(5);
    const leaf = leaves[0] ?? new Uint8Array();
    const root = tree.root();
    for (const index of [-1, 5, 0.5, Number.NaN])
      expect(verifyInclusion({ index, size: 5, leaf, proof: [], root })).toBe(false);
    expect(tree.inclusionProof(5)).toEqual([]);
    expect(tree.consistencyProof(0)).toEqual([]);
    expect(verifyConsistency({ from: 0, to: 5, fromRoot: tree.root(0), toRoot: root, proof: [] })).toBe(
      false,
    );
    expect(verifyConsistency({ from: 3, to: 5, fromRoot: tree.root(3), toRoot: root, proof: [] })).toBe(
      false,
    );
  });
});

describe("signed notes", () => {
  it("hold the example of the format's authors", () => {
    const key = Buffer.from("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "base64");
    const note =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const { text, signatures } = parseNote(note);
    const publicKey = new Uint8Array(key.subarray(1));
    const signer = signatures[0] && verifyNoteSignature(text, signatures[0], [publicKey]);
    expect(signer).toMatchObject({ name: "PeterNeumann", at: null });
    expect(formatNote({ text, signatures })).toBe(note);
    expect(signatures[0] && verifyNoteSignature(`${text}x`, signatures[0], [publicKey])).toBeNull();
  });

  it("carry a checkpoint signed by the gateway and co-signed by a witness, each with its own kind of signature", () => {
    const pair = () => {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      return {
        privateKey,
        raw: new Uint8Array(Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url")),
      };
    };
    const [gateway, central] = [pair(), pair()];
    const place = { site: "NLRTM-EX", gateway: "gw-01", journal: "0195512c-7e3a-7b51-8c0d-0123456789ab" };
    const origin = checkpointOrigin(place);
    const checkpoint = { origin, size: 8, root: Uint8Array.from(Buffer.from(ROOTS[8] ?? "", "hex")) };
    const text = checkpointText(checkpoint);
    expect(parseCheckpoint(text)).toEqual(checkpoint);
    const own = plainSignature(origin, gateway.raw, sign(null, Buffer.from(text), gateway.privateKey));
    const at = 1_790_000_000;
    const message = cosignedMessage(text, at);
    expect(message).toBe(`cosignature/v1\ntime ${at}\n${text}`);
    const witness = cosignature("central", central.raw, {
      at,
      signature: sign(null, Buffer.from(message), central.privateKey),
    });
    const note = parseNote(formatNote({ text, signatures: [own, witness] }));
    const signers = (keys: readonly Uint8Array[]) =>
      note.signatures.map((each) => verifyNoteSignature(note.text, each, keys)?.name ?? null);
    expect(signers([gateway.raw, central.raw])).toEqual([origin, "central"]);
    expect(signers([gateway.raw])).toEqual([origin, null]);
    expect(signers([])).toEqual([null, null]);
  });

  it("are refused in words where they are none", () => {
    const refused = expect.objectContaining({ code: "LYN_NOTE" });
    const root = Buffer.alloc(32).toString("base64");
    for (const text of [
      "",
      "x",
      "a b\n1\nAA==\n",
      `log\n01\n${root}\n`,
      `log\n1\n${root}`,
      `log\n1\n${root}\nmore\n`,
    ])
      expect(() => parseCheckpoint(text)).toThrow(refused);
    for (const note of [
      "",
      "text\n",
      "text\n\nno signature\n",
      "text\n\n— a b c\n",
      "text\n\n— a AA==\n",
      "x".repeat(5000),
    ])
      expect(() => parseNote(note)).toThrow(refused);
    expect(() => parseNote(`t\n\n${"— a AAAAAAAA\n".repeat(17)}`)).toThrow(refused);
    expect(() => plainSignature("with space", new Uint8Array(32), new Uint8Array(64))).toThrow(refused);
  });

  it("never throw anything else, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${text}\n\n— ${text} AAAAAAAA\n`),
        ),
        (text) => {
          try {
            const note = parseNote(text);
            for (const each of note.signatures) verifyNoteSignature(note.text, each, [new Uint8Array(32)]);
            parseCheckpoint(note.text);
          } catch (error) {
            expect(error).toMatchObject({ code: "LYN_NOTE" });
          }
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });
});
