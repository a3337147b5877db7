import { keyIdOf } from "../../protocols/chain.ts";
import { createSigner, type Signer } from "../signing.ts";
import { openTokenSigner, type TokenSigner } from "./pkcs11.ts";
import type { SigningKey } from "./signing-key.ts";

/**
 * The signer of a key. Synchronous: the journal's worker seals rows within a transaction.
 * @throws LynceusError `LYN_SIGNING_KEY` or `LYN_PKCS11` where it cannot be used.
 */
export function openSigner(key: SigningKey): Signer {
  return key.kind === "pem" ? createSigner(key.pem) : ofToken(openTokenSigner(key));
}

/** A token that fails leaves rows unsigned: a hit that is late is worse than one that `lynceus audit verify` marks. */
function ofToken({ publicKey, sign }: TokenSigner): Signer {
  const attempt = (data: Uint8Array): Uint8Array | null => {
    try {
      return sign(data);
    } catch {
      return null;
    }
  };
  return {
    keyId: keyIdOf(publicKey),
    publicKey: Buffer.from(publicKey).toString("base64url"),
    sign: (hash) => {
      const signature = attempt(Buffer.from(hash, "hex"));
      return signature === null ? null : Buffer.from(signature).toString("base64url");
    },
    signText: (text) => attempt(new TextEncoder().encode(text)),
  };
}
