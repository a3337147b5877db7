import type { InboundGate } from "../inbound/gate.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "../spool/port.ts";
import type { Credentials, MessageProperties } from "./connection-options.ts";
import type { Handlers } from "./downlink.ts";
import type { UplinkAlert } from "./notices.ts";

/** A role has a connection of its own: declarations and images never stand in the way of hits. */
export type Role = "hit" | "in" | "bulk";

/** What the gateway's side of the broker is made with. */
export interface UplinkOptions {
  readonly broker: {
    readonly url: string;
    /** 5 unless 4 is opted in to. */
    readonly protocol: 5 | 4;
    readonly topicRoot: string;
    readonly username?: string | undefined;
    /** Read for each connection. */
    readonly credentials: (role: Role) => Promise<Credentials>;
  };
  readonly site: string;
  readonly gateway: string;
  readonly bootId: string;
  /** Software by name, for `status`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly outbox: Outbox;
  readonly handlers: Handlers;
  /** Looks at who sent declarations, outcomes and receipts; absent: they are taken plain. */
  readonly gate?: Pick<InboundGate, "admit">;
  /** Receipts are taken signed only: rows wait for one, whatever central's state says. Default: its state decides. */
  readonly receiptsRequired?: boolean;
  /** Takes a command, by the last part of its topic; absent: none are subscribed to. */
  readonly onCommand?: (name: string, payload: Uint8Array, properties: MessageProperties) => Promise<void>;
  readonly alert: (alert: UplinkAlert) => void;
  /** The broker has no session of ours: declarations and outcomes published while we were away are lost. */
  readonly onSessionLost?: () => void;
  /** The lanes that there are; absent: retained states of others are left alone. */
  readonly lanes?: readonly string[];
  /** Central said that it was `time`, ms since the epoch; `live`: just now, it had not waited at the broker. */
  readonly onTime?: (time: number, live: boolean) => void;
  /** ms since the epoch. */
  readonly clock: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly log: Log;
  readonly deadlineMs?: number;
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
  /** How often files of certificates are looked at, ms. */
  readonly credentialsMs?: number;
}
