import { LynceusError } from "../../protocols/errors.ts";
import { verifyJws } from "../../protocols/jws.ts";
import { PROFILE_SCHEMA, type Profile, profileSchema } from "../../protocols/mqtt/profile.ts";
import { openSchema, type Received } from "../../protocols/mqtt/received.ts";
import { issuePointer } from "../../protocols/schema-issue.ts";

/** A profile of any minor version: unknown members are gone, unknown words of enums are kept. */
export type ReceivedProfile = Received<Profile>;

/** A profile that a trusted key signed. */
export interface SignedProfile {
  readonly profile: ReceivedProfile;
  /** ms since the epoch. */
  readonly validFrom: number;
  /** The compact JWS, as received. */
  readonly jws: string;
  /** Of the key that signed it. */
  readonly keyId: string;
}

/** Whom a profile may be for. */
export interface Audience {
  readonly site: string;
  readonly gateway: string;
}

const SCHEMA = openSchema(profileSchema);

/**
 * Verifies and reads a signed profile.
 * @throws LynceusError `LYN_JWS`, or `LYN_PROFILE` where its payload is no profile for this gateway.
 */
export function readSignedProfile(
  jws: string,
  trusted: readonly Uint8Array[],
  audience: Audience,
): SignedProfile {
  const { payload, keyId } = verifyJws(jws, trusted);
  const profile = readProfile(jsonOf(payload));
  if (!isFor(profile, audience))
    throw invalid(
      "/aud",
      `it is for ${String(profile.aud)}`,
      "Send each site the profile that names it in aud.",
    );
  return { profile, validFrom: Date.parse(profile.validFrom), jws, keyId };
}

/**
 * Reads the payload of a profile.
 * @throws LynceusError `LYN_PROFILE`.
 */
export function readProfile(data: unknown): ReceivedProfile {
  const result = SCHEMA.safeParse(data);
  if (!result.success) {
    const { pointer, message } = issuePointer(result.error);
    throw invalid(pointer, message);
  }
  const profile = result.data as ReceivedProfile;
  for (const [flow, own] of Object.entries(profile.flows ?? {})) {
    const { medium = 0, high = 1 } = own.bands ?? {};
    if (medium >= high) throw invalid(`/flows/${flow}/bands`, `medium ${medium} is not below high ${high}`);
  }
  return profile;
}

function isFor({ aud }: ReceivedProfile, { site, gateway }: Audience): boolean {
  if (aud === undefined) return true;
  return [aud].flat().some((name) => name === site || name === `${site}/${gateway}`);
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    throw invalid("", "its payload is no JSON");
  }
}

function invalid(pointer: string, why: string, remedy?: string): LynceusError {
  return new LynceusError(
    "LYN_PROFILE",
    `The profile cannot be used${pointer === "" ? "" : ` at ${pointer}`}: ${why}`,
    { remedy: remedy ?? `Sign a payload of ${PROFILE_SCHEMA} as mqtt.md says.`, details: { pointer, why } },
  );
}
