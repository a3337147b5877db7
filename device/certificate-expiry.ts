import { X509Certificate } from "node:crypto";
import { readSecret } from "./config/secrets.ts";
import { BROKER_ROLES, type BrokerRole } from "./config/security.ts";

/** The certificates of `broker.tls`. */
export interface CertificateFiles {
  readonly cert?: string | undefined;
  readonly roles: Readonly<Partial<Record<BrokerRole, { readonly cert: string; readonly key: string }>>>;
}

/** A role's client certificate for the broker: when it is valid, ms since the epoch. */
export interface RoleCertificate {
  readonly role: BrokerRole;
  readonly from: number;
  readonly to: number;
}

/**
 * The client certificates that the roles connect with, none where they need none. Read anew each time, for certificates are
 * renewed on disk.
 * @throws LynceusError `LYN_SECRET_UNREADABLE`; an error of node:crypto where a file is no certificate.
 */
export async function roleCertificates(
  { tls }: { readonly tls?: CertificateFiles | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly RoleCertificate[]> {
  const read = BROKER_ROLES.map(async (role) => {
    const file = tls?.roles[role]?.cert ?? tls?.cert;
    if (file === undefined) return [];
    const { validFromDate, validToDate } = new X509Certificate(await readSecret(file, env));
    return [{ role, from: validFromDate.getTime(), to: validToDate.getTime() }];
  });
  return (await Promise.all(read)).flat();
}

/** When the first of them ends, RFC 3339; null where there are none. */
export function firstExpiry(certificates: readonly RoleCertificate[]): string | null {
  if (certificates.length === 0) return null;
  return new Date(Math.min(...certificates.map(({ to }) => to))).toISOString();
}
