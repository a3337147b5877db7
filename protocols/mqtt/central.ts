import { z } from "zod";
import { timestamp } from "./common.ts";

/** `data` of `{root}/v1/central`. */
export const centralSchema = z
  .strictObject({
    online: z.boolean(),
    since: timestamp,
    receipts: z.boolean().describe("true: rows are freed by receipts; only an explicit false takes it back"),
  })
  .describe("State of the central system, retained; its will says online: false");
export type Central = z.output<typeof centralSchema>;
