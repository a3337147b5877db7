import { LynceusError } from "../../protocols/errors.ts";

/** A key in a token: a `pkcs11:` URI (RFC 7512), as far as a signing key needs. */
export interface TokenKey {
  /** The token's library, an absolute path (`module-path`). */
  readonly module: string;
  readonly token: string | null;
  readonly object: string | null;
  readonly id: Uint8Array | null;
  /** Where the PIN is: a file, `env:NAME` or `credential:NAME`; null: the token asks for none. */
  readonly pinSource: string | null;
}

const PATH_KEYS = new Set(["token", "object", "id", "type", "slot-id", "manufacturer", "model", "serial"]);
const QUERY_KEYS = new Set(["module-path", "pin-source"]);
const MAX_VALUE = 1024;

/** Throws LYN_PKCS11 with what is wrong. A PIN in the URI itself is refused: configurations are read by many. */
export function parseTokenKey(uri: string): TokenKey {
  const [path = "", query = "", ...more] = uri.slice("pkcs11:".length).split("?");
  if (!uri.startsWith("pkcs11:") || more.length > 0) throw wrong("it is no pkcs11: URI");
  const named = membersOf(path, ";", PATH_KEYS);
  const asked = membersOf(query, "&", QUERY_KEYS);
  const module = textOf(asked.get("module-path"));
  const object = textOf(named.get("object"));
  const id = named.get("id") ?? null;
  if (module === null || !module.startsWith("/"))
    throw wrong("module-path names the token's library, an absolute path");
  if (object === null && id === null) throw wrong("object or id names the key");
  const type = textOf(named.get("type"));
  if (type !== null && type !== "private") throw wrong("the key that signs has type=private");
  const pinSource = textOf(asked.get("pin-source"))?.replace(/^file:(?:\/\/)?/, "") ?? null;
  return { module, token: textOf(named.get("token")), object, id, pinSource };
}

function membersOf(text: string, separator: string, known: ReadonlySet<string>): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>();
  for (const part of text.split(separator).filter((each) => each !== "")) {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(0, at));
    if (name === "pin-value")
      throw wrong("a PIN does not stand in a configuration: name its file in pin-source");
    if (!known.has(name) || members.has(name)) throw wrong(`${name || part} is not known, or stands twice`);
    members.set(name, bytesOf(part.slice(at + 1)));
  }
  return members;
}

function bytesOf(value: string): Uint8Array {
  if (value.length > MAX_VALUE || !/^(?:[^%\s]|%[0-9a-fA-F]{2})*$/.test(value))
    throw wrong("a value cannot be read");
  const bytes: number[] = [];
  for (let at = 0; at < value.length; ) {
    if (value[at] === "%") {
      bytes.push(Number.parseInt(value.slice(at + 1, at + 3), 16));
      at += 3;
    } else {
      const code = value.codePointAt(at) ?? 0;
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(code)));
      at += code > 0xffff ? 2 : 1;
    }
  }
  return Uint8Array.from(bytes);
}

function textOf(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : new TextDecoder().decode(bytes);
}

function wrong(why: string): LynceusError {
  return new LynceusError("LYN_PKCS11", `signing.key is no key in a token: ${why}`, {
    remedy:
      "Write pkcs11:token=LABEL;object=LABEL;type=private?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/lynceus/pin",
  });
}
