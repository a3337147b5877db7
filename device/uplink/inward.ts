import { matchTopic, type TopicMatch } from "../../protocols/mqtt/topics.ts";
import type { InboundGate } from "../inbound/gate.ts";
import type { MessageProperties } from "./connection-options.ts";
import type { Downlink } from "./downlink.ts";
import { foreignTopic, type UplinkAlert } from "./notices.ts";

export interface InwardOptions {
  readonly topicRoot: string;
  readonly site: string;
  readonly gateway: string;
  /** Looks at who sent a message; absent: nothing is signed and nothing need be. */
  readonly gate?: Pick<InboundGate, "admit"> | undefined;
  readonly downlink: Pick<Downlink, "receive">;
  readonly onCommand?:
    | ((name: string, payload: Uint8Array, properties: MessageProperties) => Promise<void>)
    | undefined;
  readonly alert: (alert: UplinkAlert) => void;
}

/**
 * A message from the broker on its way to the room that reads it: only on a topic of this site and gateway, for a broker may
 * deliver what nobody subscribed to, and only from whom it should be. Rejects only when it could not be stored.
 */
export async function receiveInward(
  { topicRoot, site, gateway, gate, downlink, onCommand, alert }: InwardOptions,
  topic: string,
  payload: Uint8Array,
  properties: MessageProperties,
): Promise<void> {
  const match = matchTopic(topic, topicRoot);
  if (match !== null && !isOurs(match, { site, gateway })) return alert(foreignTopic(topic));
  if (match?.name === "command" && onCommand !== undefined)
    return onCommand(match.parameters.name ?? "", payload, properties);
  if (match === null || gate === undefined) return downlink.receive(topic, payload);
  const admitted = await gate.admit(match.name, payload, properties.duplicate === true);
  if (admitted === null) return;
  await downlink.receive(topic, admitted.bytes);
  await admitted.done();
}

function isOurs(
  { parameters }: TopicMatch,
  own: { readonly site: string; readonly gateway: string },
): boolean {
  const { site = own.site, gateway = own.gateway } = parameters;
  return site === own.site && gateway === own.gateway;
}
