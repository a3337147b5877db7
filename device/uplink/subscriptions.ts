import { topicFilter, topicFor } from "../../protocols/mqtt/topics.ts";
import type { Handlers } from "./downlink.ts";

/** Who subscribes. */
interface Subscriber {
  readonly broker: { readonly topicRoot: string };
  readonly site: string;
  readonly gateway: string;
  readonly handlers: Pick<Handlers, "witness" | "profile">;
}

/** What each connection subscribes to; what nobody here reads is not asked for. */
export function subscriptionsOf(
  role: "hit" | "in" | "bulk",
  { broker, site, gateway, handlers }: Subscriber,
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
