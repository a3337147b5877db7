import { z } from "zod";
import { duration } from "../config/quantities.ts";

/** `schema` of a scanner profile. */
export const SCANNER_PROFILE_SCHEMA = "lynceus-scanner/1";

const text = z.string().min(1).max(64);
const mm = z.number().positive().max(20_000);
const pitch = z.strictObject({ x: mm.max(100), y: mm.max(100) });
const level = z.number().positive().max(65_535);
const file = z.string().min(1).max(1_024);
const edge = z.int().min(0).max(4_096).default(0);

/** Raw frames of one energy: images of as many pixels along the detector as a scan has; relative to the profile. */
const framesSchema = z.strictObject({ dark: file, air: file });

const viewSchema = z.strictObject({
  view: z.int().min(0).max(7),
  name: text.optional(),
  energies: z
    .array(z.enum(["low", "high", "single"]))
    .min(1)
    .max(3)
    .optional(),
  detectorPixels: z.int().min(1).max(65_536).optional(),
  /** Of the plane as it is stored, after turning. */
  pixelPitchMm: pitch.optional(),
  /** Where the pitch along the detector holds: on the detector, where a fan shows things larger, or where goods lie. */
  pitchAt: z.enum(["detector", "object"]).default("object"),
  geometry: z
    .strictObject({
      beam: z.enum(["from-above", "from-below", "from-the-left", "from-the-right"]),
      sourceToDetectorMm: mm,
      sourceToBeltMm: mm,
    })
    .optional(),
  /** What turns the plane so that column 0 was acquired first and row 0 is the top: clockwise, then mirrored left to right. */
  orientation: z
    .strictObject({
      turn: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]).default(0),
      mirror: z.boolean().default(false),
    })
    .default({ turn: 0, mirror: false }),
  frames: z.partialRecord(z.enum(["low", "high", "single"]), framesSchema).optional(),
  deadPixels: z.array(z.int().min(0).max(65_535)).max(4_096).default([]),
});

const hue = z.number().min(0).lt(360);

/**
 * What a lane knows of its machine that the machine does not say, or says wrongly. What a profile states stands in place of
 * what the machine says; what it leaves out stays as it came.
 */
export const scannerProfileSchema = z
  .strictObject({
    schema: z.literal(SCANNER_PROFILE_SCHEMA),
    machine: z.strictObject({ vendor: text, model: text }),
    tunnelMm: z.strictObject({ width: mm, height: mm }).optional(),
    beltMmPerS: z.number().positive().max(10_000).optional(),
    kVp: z.number().min(20).max(20_000).optional(),
    views: z.array(viewSchema).max(8).default([]),
    /** Counts in air of the planes as stored. */
    airLevel: level.optional(),
    /** Samples come raw: corrected by the `frames` of their view. */
    raw: z
      .strictObject({
        /** Along which side of the image the detector lies, as the machine delivers it. */
        detectorAlong: z.enum(["height", "width"]).default("height"),
        airLevel: level.default(60_000),
        maxAge: duration.prefault("24h"),
      })
      .optional(),
    /** Hues (degrees) in which a machine that gives only colours draws materials; and the colour of its air. */
    palette: z
      .strictObject({
        organic: hue,
        mixed: hue,
        metal: hue,
        air: z.enum(["white", "black"]).default("white"),
      })
      .optional(),
    /** Planes are stored with square pixels of this size. */
    resample: z.strictObject({ pitchMm: mm.max(100) }).optional(),
    /** Limits of the figures that are measured of each scan; beside the machine's own standard. */
    limits: z
      .strictObject({
        noise: z.number().positive().max(1).optional(),
        stripes: z.number().positive().max(1).optional(),
        airShift: z.number().positive().max(1).optional(),
        penetration: z.number().positive().max(20).optional(),
      })
      .default({}),
    quirks: z
      .strictObject({
        /** The plane named low is the high one. */
        exchangedEnergies: z.boolean().default(false),
        /** Samples are attenuation: air is dark. */
        inverted: z.boolean().default(false),
        /** Largest sample of a detector with fewer than 16 bits. */
        fullScale: z.int().min(255).max(65_535).default(65_535),
        /** Pixels at the edges of the stored plane that show no goods: collimator, legend, start of the exposure. */
        crop: z
          .strictObject({ left: edge, right: edge, top: edge, bottom: edge })
          .default({ left: 0, right: 0, top: 0, bottom: 0 }),
      })
      .prefault({}),
  })
  .superRefine((profile, context) => {
    const numbers = profile.views.map(({ view }) => view);
    const fault = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    if (new Set(numbers).size !== numbers.length) fault(["views"], "views whose numbers differ");
    profile.views.forEach(({ frames, pitchAt, geometry, pixelPitchMm }, at) => {
      if (frames !== undefined && profile.raw === undefined)
        fault(["views", at, "frames"], "frames only beside `raw`, which says how old they may be");
      if (pitchAt === "detector" && (geometry === undefined || pixelPitchMm === undefined))
        fault(["views", at, "pitchAt"], "detector only with a pixelPitchMm and a geometry");
      if (geometry !== undefined && geometry.sourceToBeltMm > geometry.sourceToDetectorMm)
        fault(["views", at, "geometry", "sourceToBeltMm"], "at most sourceToDetectorMm");
    });
    if (profile.raw !== undefined && profile.views.every(({ frames }) => frames === undefined))
      fault(["raw"], "raw counts only with the frames of at least one view");
  });

/** A profile, defaults filled in; durations in ms. */
export type ScannerProfile = z.output<typeof scannerProfileSchema>;
export type ProfileView = ScannerProfile["views"][number];
