import "reflect-metadata";
import { randomBytes, type webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from "@peculiar/x509";

/** Everything is P-256 with SHA-256: what brokers, OpenSSL and Node take alike. */
const EC = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
/** Clocks differ: a certificate is valid from a little before it is made, ms; a tenth of its life at most. */
const BACKDATE_MS = 5 * 60_000;
/** A revocation list is made anew long before this, ms. */
const CRL_MS = 7 * 86_400_000;

/** A certificate with its private key. */
export interface KeyPair {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** What a certificate is to say. */
export interface Subject {
  readonly commonName: string;
  readonly use: "client" | "server";
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter: Date;
}

/** A key of the kind that all certificates here have. */
export async function makeKey(): Promise<webcrypto.CryptoKeyPair> {
  return (await crypto.subtle.generateKey(EC, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

/** An authority: a certificate that signs itself and others. */
export async function makeAuthority(commonName: string, notAfter: Date): Promise<KeyPair> {
  const keys = await makeKey();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: SIGNATURE,
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** A certificate for a public key. The name is the authority's choice, whatever a request asked for. */
export async function certify(
  authority: KeyPair,
  publicKey: Parameters<typeof SubjectKeyIdentifierExtension.create>[0],
  { commonName, use, hosts = [], notBefore, notAfter }: Subject,
): Promise<X509Certificate> {
  const purpose = use === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
  const names = hosts.map((host) => ({
    type: isAddress(host) ? ("ip" as const) : ("dns" as const),
    value: host,
  }));
  return X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [commonName] }],
    issuer: authority.certificate.subjectName,
    publicKey,
    signingKey: authority.key,
    signingAlgorithm: SIGNATURE,
    notBefore:
      notBefore ?? new Date(Date.now() - Math.min(BACKDATE_MS, (notAfter.getTime() - Date.now()) / 10)),
    notAfter,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([purpose]),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
}

/** A revocation list. */
export async function makeCrl(
  authority: KeyPair,
  revoked: readonly { readonly serial: string; readonly at: Date }[],
  now: Date,
): Promise<string> {
  const crl = await X509CrlGenerator.create({
    issuer: authority.certificate.subject,
    thisUpdate: new Date(now.getTime() - BACKDATE_MS),
    nextUpdate: new Date(now.getTime() + CRL_MS),
    entries: revoked.map((entry) => ({ serialNumber: entry.serial, revocationDate: entry.at })),
    signingAlgorithm: SIGNATURE,
    signingKey: authority.key,
    extensions: [await AuthorityKeyIdentifierExtension.create(authority.certificate)],
  });
  return PemConverter.encode(crl.rawData, "X509 CRL");
}

/** Reads a signing request: its own signature holds and its key is P-256. Throws with the reason otherwise. */
export async function readRequest(text: string): Promise<Pkcs10CertificateRequest> {
  const request = new Pkcs10CertificateRequest(text);
  const algorithm = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (algorithm.name !== EC.name || algorithm.namedCurve !== EC.namedCurve)
    throw new Error("its key is not of the curve P-256");
  if (!(await request.verify())) throw new Error("it is not signed by its own key");
  return request;
}

/** A private key as PEM (PKCS#8). */
export async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

/** An authority from its two files. */
export async function readAuthority(certificate: string, key: string): Promise<KeyPair> {
  const [der] = PemConverter.decode(key);
  if (der === undefined) throw new Error("the authority's key is no PEM");
  return {
    certificate: new X509Certificate(certificate),
    key: await crypto.subtle.importKey("pkcs8", der, EC, false, ["sign"]),
  };
}

/** Positive, 127 random bits (RFC 5280, §4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

function isAddress(host: string): boolean {
  return /^[0-9.]+$/.test(host) || host.includes(":");
}
