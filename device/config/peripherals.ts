import { z } from "zod";
import { SCALE_PROFILE_NAMES, scaleProfileSchema } from "../../protocols/scale/profile.ts";
import { conveyorSchema } from "./belt.ts";
import { linkTlsSchema, peripheralParts, urlOf } from "./parts.ts";

const stream = urlOf("tcp", "tls", "listen+tcp", "listen+tls", "serial", "replay");

/** A reader of labels. */
const barcode = z.discriminatedUnion("protocol", [
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("barcode"),
    protocol: z.literal("line"),
    transport: stream,
    tls: linkTlsSchema,
  }),
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("barcode"),
    protocol: z.literal("hid-pos"),
    transport: urlOf("hid", "replay"),
    beep: z.boolean().default(false).describe("error tone for a label without an identifier"),
  }),
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("barcode"),
    protocol: z.literal("wedge"),
    transport: urlOf("evdev", "replay"),
    prefix: z.string().max(8).default("]").describe("what each label begins with; ] is the AIM identifier's"),
    suffix: z.enum(["enter", "tab"]).default("enter"),
    maxGapMs: z.int().min(5).max(1_000).default(50),
  }),
]);

/** A scale: MT-SICS, or any other by a profile that comes with the project or stands in the file. */
const scale = z.discriminatedUnion("protocol", [
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("scale"),
    protocol: z.literal("mt-sics"),
    transport: stream,
    tls: linkTlsSchema,
  }),
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("scale"),
    protocol: z.literal("profile"),
    transport: stream,
    tls: linkTlsSchema,
    profile: z.union([
      z.enum(SCALE_PROFILE_NAMES as [(typeof SCALE_PROFILE_NAMES)[number]]),
      scaleProfileSchema,
    ]),
  }),
]);

/** A radiation portal. */
const n42Folder = z
  .string()
  .min(1)
  .optional()
  .describe("each occupancy is kept here as an N42.42-2012 document");
const radiation = z.discriminatedUnion("protocol", [
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("radiation"),
    protocol: z.literal("vm250"),
    transport: stream,
    tls: linkTlsSchema,
    n42: n42Folder,
  }),
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("radiation"),
    protocol: z.literal("n42"),
    transport: stream,
    tls: linkTlsSchema,
    n42: n42Folder,
  }),
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("radiation"),
    protocol: z.literal("aspect"),
    transport: urlOf("tcp", "replay"),
    unit: z.int().min(1).max(32).default(1),
    n42: n42Folder,
  }),
]);

/** A camera beside the tunnel: a JPEG snapshot or MJPEG stream by HTTP, or a folder of pictures. */
const camera = z.discriminatedUnion("protocol", [
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("camera"),
    protocol: z.literal("pictures"),
    transport: urlOf("http", "file").refine((value) => !/^http:\/\/[^/]*@/.test(value), {
      message: "a URL without user and password",
    }),
    everyMs: z.int().min(50).max(60_000).default(500),
    agreeWithinMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(3_000)
      .describe("two pictures of one item are no further apart"),
    text: z.boolean().default(true).describe("printed numbers are read beside bar codes"),
  }),
]);

/** `lanes[].peripherals` (`cli.md`). To add a protocol: an arm here and in `peripheral/open.ts`. */
export const peripheralSchema = z.discriminatedUnion("kind", [
  barcode,
  scale,
  radiation,
  conveyorSchema,
  camera,
]);
/** One peripheral of a lane. */
export type PeripheralConfig = z.output<typeof peripheralSchema>;
