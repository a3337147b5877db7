import { join } from "node:path";
import { z } from "zod";
import { TRUST_USES, type TrustReference } from "../trusted-keys.ts";

/** A role has a connection of its own, and may have a certificate of its own. */
export const BROKER_ROLES = ["hit", "bulk", "in"] as const;
export type BrokerRole = (typeof BROKER_ROLES)[number];

const file = z.string().min(1);

/** `broker.tls`: files or `env:NAME`, read anew for each connection. */
export const brokerTlsSchema = z
  .strictObject({
    ca: file.optional(),
    cert: file.optional(),
    key: file.optional(),
    roles: z.partialRecord(z.enum(BROKER_ROLES), z.strictObject({ cert: file, key: file })).default({}),
    /** Certificates that were revoked: the broker's is checked against it. */
    crl: file.optional(),
    /** 1.2 only for a broker that knows no better. */
    minVersion: z.union([z.literal(1.3), z.literal(1.2)], { error: "1.3, or 1.2" }).default(1.3),
    /** The folder that `lynceus enroll` wrote: its certificates are used, and renewed by the gateway itself. */
    enrolment: file.optional(),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), "cert and key together")
  .optional();
export type BrokerTls = NonNullable<z.output<typeof brokerTlsSchema>>;

/** What must be signed by a key of `trust.central`; profiles and the commands that change the gateway always are. */
export const SIGNABLE = ["declaration", "outcome", "receipt"] as const;
export type Signable = (typeof SIGNABLE)[number];

const trusted = z.union(
  [file, z.strictObject({ key: file, may: z.array(z.enum(TRUST_USES)).min(1).max(TRUST_USES.length) })],
  { error: `a file, or { key: FILE, may: [${TRUST_USES.join(", ")}] }` },
);

/** `trust`: whom the gateway believes, and what it believes only when it is signed. */
export const trustSchema = z
  .strictObject({
    central: z.array(trusted).max(16).default([]),
    models: z.array(z.string()).max(16).default([]),
    /** The first `root.json` of the repository of models (`models.sources`). */
    modelsRoot: file.optional(),
    require: z.array(z.enum(SIGNABLE)).max(SIGNABLE.length).default([]),
  })
  .default({ central: [], models: [], require: [] });

/** The files of an enrolment folder. A role's certificate and key are one file, so that both change at once. */
export const enrolmentFiles = (folder: string) => ({
  ca: join(folder, "ca.pem"),
  pair: (role: BrokerRole) => join(folder, `${role}.pem`),
});

/** `broker.tls` with its paths resolved, and with what an enrolment folder stands for. */
export function resolvedBrokerTls(tls: BrokerTls, absolute: (path: string) => string): BrokerTls {
  const one = (path: string | undefined) => (path === undefined ? undefined : absolute(path));
  const own = Object.entries(tls.roles).map(([role, pair]) => [
    role,
    { cert: absolute(pair.cert), key: absolute(pair.key) },
  ]);
  const given = { ...tls, ca: one(tls.ca), cert: one(tls.cert), key: one(tls.key), crl: one(tls.crl) };
  if (tls.enrolment === undefined) return { ...given, roles: Object.fromEntries(own) };
  const folder = absolute(tls.enrolment);
  const files = enrolmentFiles(folder);
  const enrolled = BROKER_ROLES.map((role) => [role, { cert: files.pair(role), key: files.pair(role) }]);
  return {
    ...given,
    ca: given.ca ?? files.ca,
    enrolment: folder,
    roles: { ...Object.fromEntries(enrolled), ...Object.fromEntries(own) },
  };
}

/** `trust.central` with its paths resolved. */
export function resolvedTrust(
  entries: readonly TrustReference[],
  absolute: (path: string) => string,
): z.output<typeof trustSchema>["central"] {
  return entries.map((entry) =>
    typeof entry === "string" ? absolute(entry) : { key: absolute(entry.key), may: [...entry.may] },
  );
}

interface Broker {
  readonly url: string;
  readonly protocol: 5 | 4;
  readonly tls?: BrokerTls | undefined;
}

/** A broker that is to be reached by TLS and is not: nobody should find that out from the traffic. */
export function brokerFaults({
  url,
  tls,
}: Omit<Broker, "protocol">): readonly { path: string; message: string }[] {
  if (tls === undefined || /^(mqtts|wss):/.test(url)) return [];
  return [
    {
      path: "broker.tls",
      message: `found: TLS files beside ${url.split(":")[0]}://, which is not encrypted; allowed: mqtts:// or wss://`,
    },
  ];
}

/** What is valid and should be thought over. */
export function brokerWarnings({ url, protocol, tls }: Broker): readonly { path: string; message: string }[] {
  const hostname = URL.canParse(url) ? new URL(url).hostname : "";
  const loopback = /^(localhost|127\.|\[?::1\]?$)/.test(hostname);
  const warnings: { path: string; message: string }[] = [];
  if (!loopback && /^(mqtt|ws):/.test(url))
    warnings.push({ path: "broker.url", message: "the link is not encrypted: use mqtts:// or wss://" });
  if (protocol === 4)
    warnings.push({
      path: "broker.protocol",
      message:
        "MQTT 3.1.1: the broker cannot say that it refused a publish, so that rows are freed by central's receipts alone; use 5",
    });
  if (tls?.minVersion === 1.2)
    warnings.push({ path: "broker.tls.minVersion", message: "TLS 1.2 is accepted; use 1.3" });
  return warnings;
}
