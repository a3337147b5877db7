import type { PublicKey } from "@peculiar/x509";
import {
  commonNameOf,
  type Enrolled,
  type EnrolmentRole,
  type EnrolRequest,
  parseCommonName,
  type RenewRequest,
  type SigningRequest,
} from "../../protocols/enrolment.ts";
import { certify, readRequest } from "./certificates.ts";
import type { AuthorityStore } from "./store.ts";

/** Why a request is refused: `code` of the protocol. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: "BAD_REQUEST" | "TOKEN" | "CERTIFICATE" | "REVOKED";

  constructor(code: Refusal["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The certificate that a client showed; null where it showed none, or one that is not of this authority or not of now. */
export interface Peer {
  readonly commonName: string;
  /** Hex, lower case. */
  readonly serial: string;
}

export interface AuthorityOptions {
  readonly store: AuthorityStore;
  /** Of the certificates that it issues, ms. */
  readonly lifetimeMs: number;
  readonly clock: () => number;
}

/** Decides who gets a certificate. What a request asks for besides its key counts for nothing: the name is the token's. */
export class Authority {
  readonly #options: AuthorityOptions;

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /** First certificates, for a one-time token. */
  async enrol({ token, site, gateway, requests }: EnrolRequest): Promise<Enrolled> {
    const { store, clock } = this.#options;
    // The requests are looked at first: a faulty one should not cost the token.
    const keys = await keysOf(requests);
    const stored = await store.useToken(token);
    if (stored === null) throw new Refusal("TOKEN", "the token is unknown or was used before");
    if (stored.site !== site || stored.gateway !== gateway)
      throw new Refusal("TOKEN", "the token is for another gateway; it cannot be used any more");
    if (Date.parse(stored.notAfter) < clock()) throw new Refusal("TOKEN", "the token has expired");
    return this.#certificates("enrolled", { site, gateway }, keys);
  }

  /** The next certificate of a role, for the one that it has. */
  async renew(peer: Peer | null, { requests }: RenewRequest): Promise<Enrolled> {
    if (peer === null)
      throw new Refusal(
        "CERTIFICATE",
        "no valid certificate of this authority was shown; enrol with a new token",
      );
    if (await this.#options.store.isRevoked(peer.serial))
      throw new Refusal("REVOKED", "the certificate was revoked; enrol with a new token");
    const name = parseCommonName(peer.commonName);
    if (name === null) throw new Refusal("CERTIFICATE", "the certificate is not a gateway's");
    if (requests.some(({ role }) => role !== name.role))
      throw new Refusal("CERTIFICATE", `the certificate of ${name.role} renews itself only`);
    return this.#certificates("renewed", name, await keysOf(requests));
  }

  async #certificates(
    event: "enrolled" | "renewed",
    { site, gateway }: { readonly site: string; readonly gateway: string },
    keys: ReadonlyMap<EnrolmentRole, PublicKey>,
  ): Promise<Enrolled> {
    const { store, lifetimeMs, clock } = this.#options;
    const notAfter = new Date(clock() + lifetimeMs);
    const certificates: Enrolled["certificates"] = [];
    for (const [role, key] of keys) {
      const commonName = commonNameOf({ site, gateway, role });
      const certificate = await certify(store.pair, key, { commonName, use: "client", notAfter });
      const pem = certificate.toString("pem");
      await store.keepIssued(certificate.serialNumber, pem);
      await store.audit({
        event,
        name: commonName,
        serial: certificate.serialNumber,
        notAfter: notAfter.toISOString(),
      });
      certificates.push({ role, certificate: pem });
    }
    return { ca: store.caPem, certificates };
  }
}

async function keysOf(requests: readonly SigningRequest[]): Promise<ReadonlyMap<EnrolmentRole, PublicKey>> {
  const keys = new Map<EnrolmentRole, PublicKey>();
  for (const { role, csr } of requests) {
    try {
      keys.set(role, (await readRequest(csr)).publicKey);
    } catch (error) {
      throw new Refusal(
        "BAD_REQUEST",
        `the signing request of ${role} cannot be used: ${(error as Error).message}`,
      );
    }
  }
  return keys;
}
