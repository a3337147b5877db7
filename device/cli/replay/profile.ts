import { readFile } from "node:fs/promises";
import { LynceusError } from "../../../protocols/errors.ts";
import { type ReceivedProfile, readProfile } from "../../profiles/read.ts";

/** Largest file of a profile, bytes. */
const MAX_BYTES = 256 * 1024;

/**
 * A profile to try: its payload as JSON, or a signed one, whose signature does not matter here since nothing is put in force.
 * @throws LYN_PATH_MISSING, LYN_PROFILE
 */
export async function readProfileFile(path: string): Promise<ReceivedProfile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new LynceusError("LYN_PATH_MISSING", `${path} cannot be read`, {
      remedy: "Check the path given with --profile.",
      cause,
    });
  }
  const text = bytes.length > MAX_BYTES ? "" : new TextDecoder().decode(bytes).trim();
  const payload = text.startsWith("{") ? text : Buffer.from(text.split(".")[1] ?? "", "base64url").toString();
  try {
    return readProfile(JSON.parse(payload));
  } catch (cause) {
    if (cause instanceof LynceusError) throw cause;
    throw new LynceusError("LYN_PROFILE", `${path} holds neither a profile nor a signed one`, {
      remedy: "Give the JSON of lynceus-profile/1.0, or its compact JWS.",
      cause,
    });
  }
}
