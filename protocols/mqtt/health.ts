import { z } from "zod";
import { count, name, timestamp } from "./common.ts";

const milliseconds = z.number().min(0).nullable().describe("ms; null where nothing was measured");

/** `data` of `…/health`, every 30 s. */
export const healthSchema = z
  .strictObject({
    at: timestamp,
    uptimeSeconds: z.number().min(0),
    stages: z
      .record(
        z.string().max(32),
        z.strictObject({
          depth: count.describe("scans in the stage"),
          oldestSeconds: z.number().min(0).nullable().describe("age of the oldest, s"),
          done: count.describe("since start"),
          failed: count.describe("since start"),
        }),
      )
      .describe("by name: capture, inference, fusion, uplink"),
    queue: z.strictObject({
      depth: count.describe("rows not yet freed"),
      oldestSeconds: z.number().min(0).nullable(),
      unreceipted: count,
      deadLetters: count,
    }),
    disk: z.strictObject({
      usedBytes: count,
      maxBytes: count,
      freeBytes: count,
      minFreeBytes: count,
      level: z
        .enum(["open", "no-bulk", "reserve", "full"])
        .optional()
        .describe(
          "what an almost full spool refuses: nothing; packages and copies; that, the ballast given up; scans",
        ),
      scrubbedBytes: count.optional().describe("stored planes read again and compared since start"),
      damagedScans: count.optional().describe("scans kept apart, whose planes the disk lost or changed"),
    }),
    inference: z.strictObject({
      p50Ms: milliseconds,
      p95Ms: milliseconds,
      restarts: count,
    }),
    clock: z.strictObject({
      synchronised: z.boolean(),
      offsetMs: z.number().nullable(),
    }),
    memory: z.strictObject({ rssBytes: count, inferenceRssBytes: count.nullable() }),
    destinations: z
      .array(
        z.strictObject({
          id: name,
          kind: z.enum(["archive", "folder"]),
          state: z.enum(["idle", "sending", "unreachable"]),
          code: z.string().max(64).nullable().describe("why nothing goes; null while all is well"),
          since: timestamp,
          waiting: count.describe("objects still to be sent"),
          committing: count.describe("objects sent and not yet committed to"),
          failed: count.describe("objects refused for good and put aside"),
          sent: count.describe("objects since start"),
          oldestSeconds: z.number().min(0).nullable().describe("age of the oldest that waits, s"),
        }),
      )
      .max(16)
      .optional()
      .describe("where threat detection reports and images go"),
    certificateExpiry: timestamp.nullable().describe("the first to end; null without a client certificate"),
    certificates: z
      .array(
        z.strictObject({
          role: z.string().max(32),
          notAfter: timestamp,
          daysLeft: z.int().describe("whole days; negative when it has ended"),
        }),
      )
      .max(8)
      .optional()
      .describe("client certificates for the broker, by the role that connects with each"),
  })
  .describe("Figures of a gateway, QoS 0");
export type Health = z.output<typeof healthSchema>;
