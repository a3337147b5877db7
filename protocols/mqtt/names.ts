/** Names that stand in topics (`mqtt.md`). No identifier of a consignment or person ever does. */

/** Site: UN/LOCODE and a part of it. */
export const SITE_PATTERN = /^[A-Z]{2}[A-Z2-9]{3}(-[A-Z0-9]{1,8})?$/;

/** Names that no gateway and no lane may have, since they stand at the same level of a topic. */
export const RESERVED_NAMES = [
  "declaration",
  "profile",
  "outcome",
  "central",
  "status",
  "info",
  "health",
  "alert",
  "statistics",
  "receipt",
  "checkpoint",
  "witness",
  "command",
] as const;

const NAME_PATTERN = new RegExp(`^(?!(?:${RESERVED_NAMES.join("|")})$)[a-z0-9-]{1,32}$`);

/** Gateway id: `[a-z0-9-]{1,32}`, none of {@link RESERVED_NAMES}. */
export const GATEWAY_PATTERN = NAME_PATTERN;
/** Lane id: as a gateway's. */
export const LANE_PATTERN = NAME_PATTERN;

/** Site of a scan that was analysed without a gateway (`cli.md`, `scan`); gateway and lane are `local` too. */
export const LOCAL_NAME = "local";

export function isSite(text: string): boolean {
  return SITE_PATTERN.test(text);
}

export function isGateway(text: string): boolean {
  return GATEWAY_PATTERN.test(text);
}

export function isLane(text: string): boolean {
  return LANE_PATTERN.test(text);
}
