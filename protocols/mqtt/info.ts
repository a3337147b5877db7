import { z } from "zod";
import { lane, name, sha256Hex } from "./common.ts";

const device = z.strictObject({
  id: name,
  kind: z.string().max(32).describe("scanner, barcode, scale, radiation, conveyor"),
  protocol: z.string().max(32),
  vendor: z.string().max(128).nullable(),
  model: z.string().max(128).nullable(),
  serial: z.string().max(64).nullable(),
});

const laneInfo = z.strictObject({
  id: lane,
  driver: z.string().max(32),
  devices: z.array(device).max(32),
  models: z.array(name).max(16),
  decideOnSynthetic: z.boolean().describe("true on test sites only: synthetic scans are decided as real"),
});

/** `data` of `…/info`. */
export const infoSchema = z
  .strictObject({
    contract: z.literal("1.0").describe("version of the MQTT contract"),
    configurationSchema: z.string().max(64).describe("e.g. lynceus-config/1"),
    lanes: z.array(laneInfo).max(64),
    models: z
      .array(z.strictObject({ name, version: z.string().max(64), sha256: sha256Hex }))
      .max(64)
      .describe("model packages loaded"),
    signingKeys: z
      .array(
        z.strictObject({
          keyId: z.string().regex(/^[0-9a-f]{16}$/),
          publicKey: z.string().max(128).describe("base64url raw Ed25519 public key"),
        }),
      )
      .max(16),
  })
  .describe("What a gateway consists of, retained; no secrets");
export type Info = z.output<typeof infoSchema>;
