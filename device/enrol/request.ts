import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { commonNameOf } from "../../protocols/enrolment.ts";

const EC = { name: "ECDSA", namedCurve: "P-256" } as const;

/** A new private key and the request to have it certified. */
export interface NewKey {
  /** PKCS#8, PEM. It is written to the enrolment folder and goes nowhere else. */
  readonly key: string;
  /** PKCS#10, PEM. */
  readonly csr: string;
}

/** Makes a key (P-256) for a role and its signing request. */
export async function makeKeyAndRequest(name: {
  readonly site: string;
  readonly gateway: string;
  readonly role: string;
}): Promise<NewKey> {
  const keys = (await crypto.subtle.generateKey(EC, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonNameOf(name)] }],
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { key, csr: request.toString("pem") };
}
