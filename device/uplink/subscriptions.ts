import { topicFilter, topicFor } from "../../protocols/mqtt/topics.ts";
import type { Role, UplinkOptions } from "./uplink.ts";

/** What each connection subscribes to; what nobody here reads is not asked for. */
export function subscriptionsOf(
  role: Role,
  { broker, site, gateway, handlers }: Pick<UplinkOptions, "broker" | "site" | "gateway" | "handlers">,
): readonly string[] {
  const root = broker.topicRoot;
  switch (role) {
    case "hit":
      return [
        topicFor("central", { root }),
        topicFor("receipt", { root, site, gateway }),
        ...(handlers.witness === undefined ? [] : [topicFor("witness", { root, site, gateway })]),
      ];
    case "in":
      return [
        topicFor("declaration", { root, site }),
        topicFor("outcome", { root, site }),
        ...(handlers.profile === undefined ? [] : [topicFor("profile", { root, site })]),
      ];
    case "bulk":
      return [topicFilter("command", { root, site, gateway })];
  }
}
