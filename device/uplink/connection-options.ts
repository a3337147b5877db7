import type { Log } from "../log.ts";

/** A message as published. */
export interface Outgoing {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly contentType: string;
  /** User property `schema`. */
  readonly schema: string;
  /** User property `traceparent`; absent: there is none. */
  readonly traceparent?: string;
  /** Of an answer: what the question carried (MQTT 5). */
  readonly correlationData?: Uint8Array;
}

/** What a message that came says besides its payload (MQTT 5). */
export interface MessageProperties {
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  /** User property `traceparent`, unchecked. */
  readonly traceparent?: string;
  /** The broker sends it again: it has no word that it arrived. */
  readonly duplicate?: boolean;
}

/** What a broker said to a publish: `refused` carries its reason code (MQTT 5), `lost`: the connection ended first. */
export type PublishResult =
  | { readonly kind: "acknowledged" }
  | { readonly kind: "refused"; readonly code: number; readonly message: string }
  | { readonly kind: "lost" };

/** What a connection authenticates itself and the broker with: PEM, and a revocation list of the broker's authority. */
export interface Credentials {
  readonly password?: string;
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  readonly crl?: Uint8Array;
  /** Default TLS 1.3. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

export interface ConnectionOptions {
  readonly url: string;
  readonly protocol: 5 | 4;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly credentials: Credentials;
  readonly will?: Outgoing;
  readonly subscriptions: readonly string[];
  /** Durable handling of one message; it is acknowledged to the broker when this resolves. */
  readonly onMessage: (topic: string, payload: Uint8Array, properties: MessageProperties) => Promise<void>;
  /** Time for a PUBACK; a broker that takes longer is taken for gone, ms. */
  readonly deadlineMs: number;
  /** Time for one packet of the broker to be whole, ms. */
  readonly packetMs?: number;
  readonly log: Log;
}
