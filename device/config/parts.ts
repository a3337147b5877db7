import { z } from "zod";
import { RESERVED_NAMES } from "../../protocols/mqtt/names.ts";

/** A name of a gateway, lane or device (`mqtt.md`). */
export const deviceName = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, "1 to 32 of a-z, 0-9 and -")
  .refine(
    (value) => !(RESERVED_NAMES as readonly string[]).includes(value),
    `none of the reserved names: ${RESERVED_NAMES.join(", ")}`,
  );

/** A URL of one of the schemes. */
export const urlOf = (...schemes: readonly string[]) =>
  z.string().refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)), {
    message: `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(", ")}`,
  });

/** Files of a `tls://` or `listen+tls://` link: paths or `env:NAME`, never inline. */
export const linkTlsSchema = z
  .strictObject({
    ca: z.string().min(1).optional(),
    cert: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
  })
  .refine((files) => (files.cert === undefined) === (files.key === undefined), "cert and key together")
  .optional();

const plateText = z.string().min(1).max(128);
/** What stands on a machine's plate, for one that does not name itself: shown in `info` (`mqtt.md`). */
export const machinePlate = z
  .strictObject({
    vendor: plateText.optional(),
    model: plateText.optional(),
    serial: z.string().min(1).max(64).optional(),
  })
  .optional();
/** What every peripheral has. */
export const peripheralParts = { id: deviceName, machine: machinePlate };
export type MachinePlate = NonNullable<z.output<typeof machinePlate>>;
