import { z } from "zod";
import { deviceName, machinePlate } from "./parts.ts";
import { bytes, duration } from "./quantities.ts";

/** Objects of one scan, and other views of it, are waited for so long (`cli.md`, "Inputs of scan"), ms. */
export const JOIN_MS = 10_000;

const hostPort = z
  .string()
  .regex(/^[^\s]+:\d{1,5}$/, "HOST:PORT")
  .refine((value) => Number(value.split(":").at(-1)) <= 65_535, "HOST:PORT, a port up to 65535");
const aeTitle = z
  .string()
  .regex(/^(?=.*[^ ])[\x20-\x5b\x5d-\x7e]{1,16}$/, "1 to 16 ASCII characters, no backslash");
const uid = z.string().regex(/^[0-9.]{1,64}$/, "a UID: digits and dots");

/** `scanner: { driver: dicom }`: a C-STORE SCP. Without lists in `allow` every peer may store. */
export const dicomScannerSchema = z.strictObject({
  driver: z.literal("dicom"),
  listen: hostPort,
  aeTitle: aeTitle.default("LYNCEUS"),
  /** Associations that call another AE title are rejected. */
  checkCalledAeTitle: z.boolean().default(false),
  applicationContexts: z.array(uid).max(8).optional(),
  allow: z
    .strictObject({
      aeTitles: z.array(aeTitle).max(256).optional(),
      from: z.array(z.string()).max(256).optional(),
    })
    .default({}),
  tls: z
    .strictObject({ cert: z.string().min(1), key: z.string().min(1), ca: z.string().min(1).optional() })
    .optional(),
  joinTimeout: duration.default(JOIN_MS),
  maxScanBytes: bytes.default(512e6),
  machine: machinePlate,
});

const archive = z.strictObject({
  id: deviceName,
  address: hostPort,
  aeTitle,
  callingAeTitle: aeTitle.default("LYNCEUS"),
  applicationContext: uid.optional(),
  /** DX pairs go there too, as received or made of the planes. */
  images: z.boolean().default(false),
  /** Objects are kept until the archive has committed to them. */
  commitment: z.boolean().default(false),
  tls: z
    .strictObject({
      ca: z.string().min(1).optional(),
      cert: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
      serverName: z.string().min(1).optional(),
    })
    .optional(),
});

/** `reports`: threat detection reports of all lanes, to a folder and to archives. */
export const reportsSchema = z.strictObject({
  version: z.enum(["V02", "V03"]).default("V03"),
  folder: z.string().min(1).optional(),
  /** DX images into the folder too. */
  images: z.boolean().default(false),
  archives: z
    .array(archive)
    .max(8)
    .default([])
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, "archive ids that differ"),
  /** Where archives report on storage commitment. `allow.from`: where they come from, unless from their own addresses. */
  commitment: z
    .strictObject({
      listen: hostPort,
      aeTitle: aeTitle.default("LYNCEUS"),
      allow: z.strictObject({ from: z.array(z.string()).max(256).optional() }).default({}),
    })
    .optional(),
});

export type ReportsConfig = z.output<typeof reportsSchema>;
export type ArchiveConfig = ReportsConfig["archives"][number];
export type DicomScannerConfig = z.output<typeof dicomScannerSchema>;

type Absolute = (path: string) => string;

/** The scanner with its paths made absolute; `env:NAME` stays. */
export function absoluteScanner(scanner: DicomScannerConfig, secret: Absolute): DicomScannerConfig {
  const { tls } = scanner;
  if (tls === undefined) return scanner;
  const own = { cert: secret(tls.cert), key: secret(tls.key) };
  return { ...scanner, tls: tls.ca === undefined ? own : { ...own, ca: secret(tls.ca) } };
}

/** The reports' section with its paths made absolute. */
export function absoluteReports(reports: ReportsConfig, absolute: Absolute, secret: Absolute): ReportsConfig {
  const archives = reports.archives.map((one): ArchiveConfig => {
    const { tls } = one;
    if (tls === undefined) return one;
    const { ca, cert, key } = tls;
    return {
      ...one,
      tls: {
        ...tls,
        ...(ca === undefined ? {} : { ca: secret(ca) }),
        ...(cert === undefined ? {} : { cert: secret(cert) }),
        ...(key === undefined ? {} : { key: secret(key) }),
      },
    };
  });
  const { folder } = reports;
  return folder === undefined ? { ...reports, archives } : { ...reports, archives, folder: absolute(folder) };
}
