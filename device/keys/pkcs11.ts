import { createRequire } from "node:module";
import { LynceusError } from "../../protocols/errors.ts";

/** What of PKCS#11 2.40 and 3.0 is used; handles and lengths are CK_ULONG, 64 bits on the machines this runs on. */
const CK = {
  ok: 0n,
  userAlreadyLoggedIn: 0x100n,
  alreadyInitialised: 0x191n,
  serialSession: 4,
  user: 1,
  class: 0n,
  label: 3n,
  id: 0x102n,
  ecPoint: 0x181n,
  publicKey: 2n,
  privateKey: 3n,
  eddsa: 0x1057n,
} as const;
/** CK_TOKEN_INFO begins with the label, 32 bytes padded with spaces; the whole is some 200. */
const TOKEN_INFO_BYTES = 512;
const LABEL_BYTES = 32;
const MAX_SLOTS = 64;
const POINT_BYTES = 128;
const SIGNATURE_BYTES = 64;

/** An Ed25519 key that never leaves its token. */
export interface TokenSigner {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519, 64 bytes. Throws LYN_PKCS11 where the token is gone or refuses. */
  sign(data: Uint8Array): Uint8Array;
}

/** Which key of which token; strings are labels. */
export interface TokenKeyAccess {
  readonly module: string;
  readonly token: string | null;
  readonly object: string | null;
  readonly id: Uint8Array | null;
  readonly pin: string | null;
}

type Call = (...values: readonly unknown[]) => number | bigint;

/** Functions of a token's library by name, called by the foreign function interface. */
interface Library {
  readonly call: (name: keyof typeof SIGNATURES, ...values: readonly unknown[]) => bigint;
  /** Memory of the library's side and its address. */
  readonly memory: (bytes: Uint8Array) => { readonly address: bigint; read(): Uint8Array };
}

const SIGNATURES = {
  C_Initialize: "unsigned long C_Initialize(void *arguments)",
  C_GetSlotList: "unsigned long C_GetSlotList(uint8_t present, void *list, void *count)",
  C_GetTokenInfo: "unsigned long C_GetTokenInfo(unsigned long slot, void *info)",
  C_OpenSession:
    "unsigned long C_OpenSession(unsigned long slot, unsigned long flags, void *own, void *notify, void *session)",
  C_CloseSession: "unsigned long C_CloseSession(unsigned long session)",
  C_Login:
    "unsigned long C_Login(unsigned long session, unsigned long user, void *pin, unsigned long length)",
  C_FindObjectsInit:
    "unsigned long C_FindObjectsInit(unsigned long session, void *template, unsigned long count)",
  C_FindObjects:
    "unsigned long C_FindObjects(unsigned long session, void *objects, unsigned long most, void *count)",
  C_FindObjectsFinal: "unsigned long C_FindObjectsFinal(unsigned long session)",
  C_GetAttributeValue:
    "unsigned long C_GetAttributeValue(unsigned long session, unsigned long object, void *template, unsigned long count)",
  C_SignInit: "unsigned long C_SignInit(unsigned long session, void *mechanism, unsigned long key)",
  C_Sign:
    "unsigned long C_Sign(unsigned long session, void *data, unsigned long length, void *signature, void *signatureLength)",
} as const;

/**
 * Opens a key in a token (PKCS#11): a hardware module, or SoftHSM. The token's library is loaded here and only here.
 * @throws LynceusError `LYN_PKCS11` with what is missing: library, token, PIN or key.
 */
export function openTokenSigner(access: TokenKeyAccess): TokenSigner {
  const library = loadLibrary(access.module);
  const initialised = library.call("C_Initialize", null);
  if (initialised !== CK.ok && initialised !== CK.alreadyInitialised)
    throw failed("its library cannot be initialised", initialised);
  let session = openSession(library, access);
  const sign = (data: Uint8Array): Uint8Array => signWith(library, session, data);
  return {
    publicKey: session.publicKey,
    sign: (data) => {
      try {
        return sign(data);
      } catch {
        // A token that was taken out and put back, or a service that was restarted: once more with a new session.
        session = openSession(library, access);
        return sign(data);
      }
    },
  };
}

interface Session {
  readonly handle: bigint;
  readonly key: bigint;
  readonly publicKey: Uint8Array;
}

function openSession(library: Library, access: TokenKeyAccess): Session {
  const out = new BigUint64Array(1);
  check(
    "no session can be opened",
    library.call("C_OpenSession", slotOf(library, access.token), CK.serialSession, null, null, asBytes(out)),
  );
  const handle = out[0] ?? 0n;
  if (access.pin !== null) {
    const pin = new TextEncoder().encode(access.pin);
    const verdict = library.call("C_Login", handle, CK.user, pin, pin.length);
    if (verdict !== CK.ok && verdict !== CK.userAlreadyLoggedIn) throw failed("it refuses the PIN", verdict);
  }
  const key = find(library, handle, CK.privateKey, access);
  const publicKey = pointOf(library, handle, find(library, handle, CK.publicKey, access));
  return { handle, key, publicKey };
}

function slotOf(library: Library, token: string | null): bigint {
  const count = new BigUint64Array([BigInt(MAX_SLOTS)]);
  const list = new BigUint64Array(MAX_SLOTS);
  check("its slots cannot be listed", library.call("C_GetSlotList", 1, asBytes(list), asBytes(count)));
  for (const slot of list.subarray(0, Number(count[0]))) {
    const info = new Uint8Array(TOKEN_INFO_BYTES);
    if (library.call("C_GetTokenInfo", slot, info) !== CK.ok) continue;
    const label = new TextDecoder().decode(info.subarray(0, LABEL_BYTES)).trimEnd();
    if (token === null || label === token) return slot;
  }
  throw failed(token === null ? "no token is there" : `no token with the label ${token} is there`);
}

function find(
  library: Library,
  session: bigint,
  kind: bigint,
  { object, id }: Pick<TokenKeyAccess, "object" | "id">,
): bigint {
  const wanted: [bigint, Uint8Array][] = [[CK.class, asBytes(new BigUint64Array([kind]))]];
  if (object !== null) wanted.push([CK.label, new TextEncoder().encode(object)]);
  if (id !== null) wanted.push([CK.id, id]);
  const values = wanted.map(([type, bytes]) => ({ type, bytes, memory: library.memory(bytes) }));
  const template = new BigUint64Array(
    values.flatMap(({ type, bytes, memory }) => [type, memory.address, BigInt(bytes.length)]),
  );
  check(
    "its keys cannot be searched",
    library.call("C_FindObjectsInit", session, asBytes(template), values.length),
  );
  const [found, count] = [new BigUint64Array(2), new BigUint64Array(1)];
  const verdict = library.call("C_FindObjects", session, asBytes(found), 2, asBytes(count));
  library.call("C_FindObjectsFinal", session);
  check("its keys cannot be searched", verdict);
  const name = `${kind === CK.privateKey ? "private" : "public"} key ${object ?? Buffer.from(id ?? []).toString("hex")}`;
  if (count[0] !== 1n) throw failed(`${count[0] === 0n ? "there is no" : "there is more than one"} ${name}`);
  return found[0] ?? 0n;
}

/** CKA_EC_POINT: the 32 bytes, mostly wrapped as an OCTET STRING. */
function pointOf(library: Library, session: bigint, object: bigint): Uint8Array {
  const memory = library.memory(new Uint8Array(POINT_BYTES));
  const template = new BigUint64Array([CK.ecPoint, memory.address, BigInt(POINT_BYTES)]);
  check(
    "its public key cannot be read",
    library.call("C_GetAttributeValue", session, object, asBytes(template), 1),
  );
  const point = memory.read().subarray(0, Number(template[2]));
  const raw = point.length === 34 && point[0] === 4 && point[1] === 32 ? point.subarray(2) : point;
  if (raw.length !== 32) throw failed("its key is not Ed25519");
  return raw;
}

function signWith(library: Library, { handle, key }: Session, data: Uint8Array): Uint8Array {
  const mechanism = new BigUint64Array([CK.eddsa, 0n, 0n]);
  check("it does not sign with Ed25519", library.call("C_SignInit", handle, asBytes(mechanism), key));
  const signature = new Uint8Array(SIGNATURE_BYTES);
  const length = new BigUint64Array([BigInt(SIGNATURE_BYTES)]);
  check("it does not sign", library.call("C_Sign", handle, data, data.length, signature, asBytes(length)));
  if (length[0] !== BigInt(SIGNATURE_BYTES)) throw failed("its signature is not Ed25519");
  return signature;
}

function loadLibrary(module: string): Library {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const opened = koffi.load(module);
    const functions = new Map<string, Call>();
    for (const [name, signature] of Object.entries(SIGNATURES))
      functions.set(name, opened.func(signature) as unknown as Call);
    return {
      call: (name, ...values) => BigInt(functions.get(name)?.(...values) ?? 0),
      memory: (bytes) => {
        const pointer: unknown = koffi.alloc("uint8_t", bytes.length);
        koffi.encode(pointer, koffi.array("uint8_t", bytes.length), bytes);
        return {
          address: BigInt(koffi.address(pointer)),
          read: () =>
            Uint8Array.from(koffi.decode(pointer, koffi.array("uint8_t", bytes.length)) as Uint8Array),
        };
      },
    };
  } catch (cause) {
    throw failed(`its library ${module} cannot be loaded: ${(cause as Error).message}`, undefined, cause);
  }
}

function asBytes(values: BigUint64Array): Uint8Array {
  return new Uint8Array(values.buffer);
}

function check(what: string, verdict: bigint): void {
  if (verdict !== CK.ok) throw failed(what, verdict);
}

function failed(what: string, verdict?: bigint, cause?: unknown): LynceusError {
  const code = verdict === undefined ? "" : ` (CKR 0x${verdict.toString(16)})`;
  return new LynceusError("LYN_PKCS11", `The token of the signing key: ${what}${code}`, {
    remedy:
      "Check module-path, the labels of token and object, the PIN, and that the token is there and initialised.",
    cause,
  });
}
