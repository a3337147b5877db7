import type { TlsFault } from "./tls-faults.ts";

/** What an alert of the uplink says; the gateway commits it to the journal. */
export interface UplinkAlert {
  readonly code: "BROKER_REFUSES" | "BROKER_UNTRUSTED" | "CERTIFICATE_REFUSED" | "INBOUND_REFUSED";
  readonly severity: "warning" | "critical";
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A publish was refused with a reason code of MQTT 5. */
export function publishRefused(code: number, message: string): UplinkAlert {
  const hex = `0x${code.toString(16)}`;
  return {
    code: "BROKER_REFUSES",
    severity: "critical",
    message: `The broker refuses results (${hex}); they are kept and tried again`,
    remedy:
      code === 0x87
        ? "Allow this gateway's user to publish its hit and alert topics."
        : "See the broker's limits and quotas for this gateway.",
    details: { reasonCode: hex, reason: message },
  };
}

export function subscriptionRefused(filters: readonly string[]): UplinkAlert {
  return {
    code: "BROKER_REFUSES",
    severity: "warning",
    message: "The broker refuses subscriptions of this gateway",
    remedy: "Allow this gateway's user to read declaration, outcome, profile, receipt, command and central.",
    details: { filters: filters.join(" ") },
  };
}

/** A connection by TLS did not come about: the broker is not who it should be, or does not take us. */
export function tlsRefused(role: string, { kind, reason, remedy }: TlsFault): UplinkAlert {
  return {
    code: kind === "client" ? "CERTIFICATE_REFUSED" : "BROKER_UNTRUSTED",
    severity: "critical",
    message: `No connection to the broker: ${reason}`,
    remedy,
    details: { role, reason },
  };
}

/** The state of central, which nobody signs, says that rows may go without a receipt; the site says that they may not. */
export function receiptsTakenBack(): UplinkAlert {
  return {
    code: "INBOUND_REFUSED",
    severity: "warning",
    message:
      "Central's state says that it sends no receipts; trust.require asks for them, and it is not believed",
    remedy:
      "See who may publish central's state. Where central sends none, take receipt out of trust.require.",
    details: { device: "central unsigned", message: "central", why: "unsigned" },
  };
}

/** A message on a topic that is another site's or gateway's. */
export function foreignTopic(topic: string): UplinkAlert {
  return {
    code: "INBOUND_REFUSED",
    severity: "critical",
    message: "The broker delivered a message on a topic of another site or gateway; it was dropped",
    remedy: "See the broker's access list, and who may publish on it.",
    details: { message: "topic", why: "foreign", topic },
  };
}
