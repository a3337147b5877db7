import { createHmac } from "node:crypto";
import { LynceusError } from "../../errors.ts";

/** Makes the token of a party: the same party, the same token within a key's epoch, and nothing of it to be read. */
export type Tokeniser = (parts: readonly string[]) => string;

/** Bytes of a key, at least: as many as the digest has. */
const MIN_KEY_BYTES = 32;
/** Characters of base64url kept: 132 bits. */
const TOKEN_CHARACTERS = 22;
const TITLES = /^(?:mr|mrs|ms|miss|mme|mlle|m|herr|frau|sr|sra|srta|dr|prof|ing)$/;

/**
 * Tokens by HMAC-SHA-256, never a plain hash: names and telephone numbers can be enumerated. The key stays with the sender.
 *
 * @param epoch name of the key's period, lower-case letters and digits; it stands before the token.
 * @throws LynceusError `LYN_DECLARATION_MAP` for a key shorter than 32 bytes or an epoch of another form.
 */
export function createTokeniser({
  key,
  epoch,
}: {
  readonly key: Uint8Array;
  readonly epoch: string;
}): Tokeniser {
  if (key.length < MIN_KEY_BYTES || !/^[a-z0-9]{1,16}$/.test(epoch)) {
    throw new LynceusError("LYN_DECLARATION_MAP", "tokens need a key of 32 bytes and an epoch such as k7", {
      remedy:
        "Make a key with `openssl rand -out token.key 32` and name its period in lower-case letters and digits.",
    });
  }
  return (parts) => {
    const text = parts.map(normaliseParty).join("\u0000");
    const digest = createHmac("sha256", key).update(text).digest("base64url");
    return `${epoch}:${digest.slice(0, TOKEN_CHARACTERS)}`;
  };
}

/** One form for the ways in which a name or address is written: compatibility form, no accents, no titles, single blanks. */
export function normaliseParty(text: string): string {
  const words = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .match(/[\p{L}\p{N}]+/gu);
  return (words ?? []).filter((word) => !TITLES.test(word)).join(" ");
}
