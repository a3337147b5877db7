import { z } from "zod";
import { UNSIGNED_COMMANDS } from "../../protocols/mqtt/command.ts";
import { SITE_PATTERN } from "../../protocols/mqtt/names.ts";
import { TOPIC_ROOT_PATTERN } from "../../protocols/mqtt/topics.ts";
import { THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { trackingSchema } from "./belt.ts";
import { consoleSchema } from "./console.ts";
import { dicomScannerSchema, reportsSchema } from "./dicom.ts";
import { modelsSchema } from "./models.ts";
import { linkTlsSchema, machinePlate, deviceName as name, urlOf } from "./parts.ts";
import { peripheralSchema } from "./peripherals.ts";
import { qualitySchema } from "./quality.ts";
import { bytes, duration } from "./quantities.ts";
import { brokerTlsSchema, trustSchema } from "./security.ts";

const fraction = z.number().min(0).max(1);
const openFraction = z.number().gt(0).lt(1);

const broker = z.strictObject({
  url: urlOf("mqtt", "mqtts", "ws", "wss").refine((value) => !/^[a-z+]+:\/\/[^/]*@/.test(value), {
    message: "a URL without user and password: username and passwordFile are keys of their own",
  }),
  protocol: z.union([z.literal(5), z.literal(4)]).default(5),
  topicRoot: z.string().regex(TOPIC_ROOT_PATTERN, "1 to 4 levels of letters, digits, _ and -").default("nii"),
  username: z.string().max(256).optional(),
  passwordFile: z.string().min(1).optional(),
  tls: brokerTlsSchema,
});

/** A file that says what the machine is like: device/profile/README.md. */
const scannerProfile = z.string().min(1).max(4096).optional();

const scanner = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("line-scan"),
    transport: urlOf("tcp", "tls", "listen+tcp", "listen+tls", "serial", "replay"),
    tls: linkTlsSchema,
    allow: z
      .strictObject({
        serials: z.array(z.string().min(1).max(64)).max(256).optional(),
        from: z.array(z.string()).max(256).optional(),
      })
      .default({}),
    maxScanBytes: bytes.default(512e6),
    maxCalibrationAge: duration.default(24 * 3.6e6),
    profile: scannerProfile,
    machine: machinePlate,
  }),
  z.strictObject({
    driver: z.literal("folder"),
    path: z.string().min(1),
    maxScanBytes: bytes.default(512e6),
    profile: scannerProfile,
    machine: machinePlate,
  }),
  dicomScannerSchema,
  z.strictObject({
    driver: z.literal("module"),
    module: z.string().min(1).max(256),
    options: z.record(z.string(), z.unknown()).default({}),
    maxScanBytes: bytes.default(512e6),
    maxCalibrationAge: duration.default(24 * 3.6e6),
    profile: scannerProfile,
    machine: machinePlate,
  }),
]);

const lane = z.strictObject({
  id: name,
  scanner,
  peripherals: z.array(peripheralSchema).max(16).default([]),
  belt: z
    .strictObject({
      onAlarm: z.enum(["none", "divert", "stop"]).default("none"),
      onFault: z.enum(["none", "divert", "stop"]).default("none"),
      deadlineMs: z.number().int().min(100).max(600_000).default(5000),
    })
    .default({ onAlarm: "none", onFault: "none", deadlineMs: 5000 }),
  tracking: trackingSchema.optional(),
  /** A model that does not read a lane's scans leaves them alone. */
  models: z
    .array(z.string().min(1).max(64))
    .max(16)
    .default(["threat-detector", "goods-classifier", "container-contents", "embedding"]),
  massCalibration: z.string().min(1).optional(),
  decideOnSynthetic: z.boolean().default(false),
  fusion: z
    .strictObject({
      prior: openFraction.default(0.01),
      bands: z
        .strictObject({ medium: openFraction, high: openFraction })
        .default({ medium: 0.05, high: 0.3 }),
      floor: z.partialRecord(z.enum(THREAT_CLASSES), fraction).default({}),
      reportFrom: fraction.default(0.02),
      quality: qualitySchema.optional(),
    })
    .default({ prior: 0.01, bands: { medium: 0.05, high: 0.3 }, floor: {}, reportFrom: 0.02 }),
});

/** The configuration file (`cli.md`, Configuration). Sizes become bytes, durations milliseconds. */
export const configSchema = z.strictObject({
  schema: z.literal("lynceus-config/1"),
  gateway: z.strictObject({
    site: z.string().regex(SITE_PATTERN, "a UN/LOCODE and a part of it, such as NLRTM-EX"),
    id: name,
  }),
  broker,
  spool: z.strictObject({
    path: z.string().min(1),
    maxBytes: bytes.default(200e9),
    minFreeBytes: bytes.default(5e9),
    keepPublished: duration.default(7 * 8.64e7),
    /** Longest that images of delivered scans are kept; absent: as long as there is room. */
    keepImages: duration.optional(),
    /** Image planes are encrypted by keys that this one seals: 32 bytes in a file, `env:NAME` or `credential:NAME`. */
    encryption: z
      .strictObject({
        key: z.string().min(1).max(4096),
        /** Keys from before, for planes that are still kept; once one is destroyed, so are its planes. */
        previous: z.array(z.string().min(1).max(4096)).max(16).default([]),
      })
      .optional(),
  }),
  models: modelsSchema,
  /** Where `lynceus inference` listens; absent: the models run in a child process of the gateway. */
  inference: z.strictObject({ socket: z.string().min(1).max(100) }).optional(),
  signing: z
    .strictObject({
      /** A PEM file, `env:NAME`, `credential:NAME`, or a `pkcs11:` URI. */
      key: z.string().min(1).max(4096),
      /** Public keys that signed before: without them older rows cannot be verified. */
      previous: z.array(z.string().min(1)).max(16).default([]),
    })
    .optional(),
  trust: trustSchema,
  commands: z
    .strictObject({
      allow: z.array(z.enum(UNSIGNED_COMMANDS)).default([...UNSIGNED_COMMANDS]),
    })
    .default({ allow: [...UNSIGNED_COMMANDS] }),
  declarations: z
    .strictObject({
      /** Longest that a declaration is kept, by the purpose it names; whatever it says itself. */
      purposes: z.record(z.string().min(1).max(40), duration).default({}),
      /** Longest for every other. */
      keep: duration.default(3653 * 8.64e7),
      /** Space of their store: beyond it the oldest go for new ones. */
      maxBytes: bytes.default(20e9),
    })
    .default({ purposes: {}, keep: 3653 * 8.64e7, maxBytes: 20e9 }),
  statistics: z.strictObject({ period: duration.default(3.6e6) }).default({ period: 3.6e6 }),
  reports: reportsSchema.optional(),
  console: consoleSchema,
  lanes: z
    .array(lane)
    .min(1)
    .max(16)
    .refine((lanes) => new Set(lanes.map((each) => each.id)).size === lanes.length, "lane ids that differ"),
});

/** A valid configuration, defaults filled in. */
export type Config = z.output<typeof configSchema>;
/** One lane of it. */
export type LaneConfig = Config["lanes"][number];
/** The broker of it. */
export type BrokerConfig = Config["broker"];
