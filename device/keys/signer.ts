import { createSigner, type Signer } from "../signing.ts";
import type { SigningKey } from "./signing-key.ts";

/**
 * The signer of a key. Synchronous: the journal's worker seals rows within a transaction.
 * @throws LynceusError `LYN_SIGNING_KEY` where it cannot be used.
 */
export function openSigner(key: SigningKey): Signer {
  return createSigner(key.pem);
}
