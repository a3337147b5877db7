import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { GENESIS, keyIdOf, linkHash } from "../../protocols/chain.ts";
import type { Random } from "../random.ts";

/** DER of an Ed25519 private key up to its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = "302e020100300506032b657004220420";

/** A gateway's chain and key, made of a seed: what it sends verifies as a real one's does. */
export class FleetJournal {
  readonly journal: string;
  readonly keyId: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly #key: KeyObject;
  #sequence = 0;
  #previous = GENESIS;

  constructor(random: Random) {
    this.journal = uuidOf(random);
    const der = Buffer.concat([Buffer.from(PKCS8_PREFIX, "hex"), bytesOf(random, 32)]);
    this.#key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    this.publicKey = createPublicKey(this.#key).export({ format: "jwk" }).x ?? "";
    this.keyId = keyIdOf(new Uint8Array(Buffer.from(this.publicKey, "base64url")));
  }

  /** The data with its place in the chain. */
  seal<Data extends object>(data: Data) {
    const placed = { ...data, journal: this.journal, sequence: ++this.#sequence };
    const previous = this.#previous;
    const hash = linkHash(previous, placed);
    const signature = sign(null, Buffer.from(hash, "hex"), this.#key).toString("base64url");
    this.#previous = hash;
    return { ...placed, integrity: { previous, hash, signature, keyId: this.keyId } };
  }
}

export function bytesOf(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32() & 0xff);
}

/** A random UUID. */
export function uuidOf(random: Random): string {
  const bytes = bytesOf(random, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
