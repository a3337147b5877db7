import { BlockList, isIP } from "node:net";
import { LynceusError } from "../../protocols/errors.ts";

/** Addresses in an allow list, at most. */
const MAX_RANGES = 256;

/** Says whether a peer's address may connect. */
export type AddressFilter = (address: string) => boolean;

/**
 * Reads `allow.from` of a scanner: addresses and CIDR ranges, IPv4 or IPv6. An empty list or none allows everybody.
 * @throws LynceusError `LYN_TRANSPORT_URL` for an entry that is neither.
 */
export function addressFilter(from: readonly string[] | undefined): AddressFilter {
  if (from === undefined || from.length === 0) return () => true;
  if (from.length > MAX_RANGES) throw badRange(`${from.length} entries`, `Give at most ${MAX_RANGES}`);
  const list = new BlockList();
  for (const entry of from) addRange(list, entry);
  return (address) => {
    const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
  };
}

function addRange(list: BlockList, entry: string): void {
  const [address = "", prefix, rest] = entry.split("/");
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  const sound =
    version !== 0 && rest === undefined && /^\d{1,3}$/.test(prefix ?? String(bits)) && length <= bits;
  if (!sound)
    throw badRange(`"${entry}"`, "Give addresses or CIDR ranges, for example 10.0.0.0/24 or fd00::/8");
  list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
}

function badRange(found: string, remedy: string): LynceusError {
  return new LynceusError("LYN_TRANSPORT_URL", `allow.from: ${found} cannot be used`, { remedy });
}

/** A peer outside the allow list came, or was reached. */
export function peerRefused(peer: string): LynceusError {
  return new LynceusError("LYN_PEER_NOT_ALLOWED", `${peer} is not in the list of allowed addresses`, {
    remedy: "Add the address to scanner.allow.from if it is the scanner's, or find out who connects",
    details: { peer },
  });
}
