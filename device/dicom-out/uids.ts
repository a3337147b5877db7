import { createHash } from "node:crypto";

/** A UID made of a UUID (PS3.5 annex B.2): `2.25.` and the UUID as a decimal number. */
export function uidOfUuid(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid.replaceAll("-", "")}`)}`;
}

/** A UID derived of names: the same names give the same UID, on any machine. */
export function derivedUid(...names: readonly (string | number)[]): string {
  const digest = createHash("sha256").update(names.join("\n")).digest("hex");
  return `2.25.${BigInt(`0x${digest.slice(0, 32)}`)}`;
}
