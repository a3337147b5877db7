import { readFile } from "node:fs/promises";
import {
  commonNameOf,
  type Enrolled,
  type EnrolmentRole,
  type EnrolmentToken,
  enrolmentTokenSchema,
} from "../../protocols/enrolment.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { AuthorityClient } from "./authority-client.ts";
import { type Enrolment, EnrolmentFolder, pairOf, ROLES } from "./folder.ts";
import { makeKeyAndRequest } from "./request.ts";

/** A token file is a page. */
const MAX_TOKEN_BYTES = 64 * 1024;

/** Reads a one-time token. Throws `LYN_PATH_MISSING` or `LYN_ENROLMENT`. */
export async function readToken(file: string): Promise<EnrolmentToken> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new LynceusError("LYN_PATH_MISSING", `${file} cannot be read: ${(cause as Error).message}`, {
      remedy: "Name the token file of the authority with --token.",
      cause,
    });
  });
  try {
    if (bytes.length > MAX_TOKEN_BYTES) throw new Error(`it is ${bytes.length} bytes`);
    return enrolmentTokenSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw new LynceusError("LYN_ENROLMENT", `${file} is no token of an authority`, {
      remedy: "Give the file that `lynceus simulate authority --token SITE/GATEWAY --out FILE` wrote.",
      cause,
    });
  }
}

/**
 * One-time token → keys, made here → signing requests → certificates, into a folder for `broker.tls.enrolment`.
 * @param authority instead of the address in the token.
 * @throws LynceusError `LYN_ENROLMENT`
 */
export async function enrol(
  token: EnrolmentToken,
  {
    folder,
    authority = token.authority,
    signal,
  }: { folder: string; authority?: string; signal: AbortSignal },
): Promise<Enrolment> {
  const { site, gateway, ca } = token;
  const keys = new Map<EnrolmentRole, string>();
  const requests: { role: EnrolmentRole; csr: string }[] = [];
  for (const role of ROLES) {
    const { key, csr } = await makeKeyAndRequest({ site, gateway, role });
    keys.set(role, key);
    requests.push({ role, csr });
  }
  const client = new AuthorityClient({ url: authority, ca });
  const answer = await client.enrol({ token: token.token, site, gateway, requests }, signal);
  const pairs = new Map(
    ROLES.map((role) => [role, pairFrom(answer, keys.get(role) ?? "", { site, gateway, role })]),
  );
  const enrolment: Enrolment = { schema: "lynceus-enrolment/1", authority, site, gateway, authorityCa: ca };
  await new EnrolmentFolder({ path: folder }).write(enrolment, answer.ca, pairs);
  return enrolment;
}

/** The pair of a role from an authority's answer. */
export function pairFrom(
  { certificates }: Enrolled,
  key: string,
  name: { readonly site: string; readonly gateway: string; readonly role: EnrolmentRole },
): string {
  const certificate = certificates.find(({ role }) => role === name.role)?.certificate;
  if (certificate !== undefined) return pairOf(certificate, key, commonNameOf(name));
  throw new LynceusError("LYN_ENROLMENT", `The authority sent no certificate for ${name.role}`, {
    remedy: "See the authority's own messages.",
  });
}
