import type { IClientOptions, IClientPublishOptions } from "mqtt";
import type { ConnectionOptions, Credentials, Outgoing } from "./connection-options.ts";

/** Time for TCP, TLS and CONNACK together, ms. */
export const CONNECT_MS = 15_000;
const KEEPALIVE_S = 30;
/** Messages that the broker may have under way to us unacknowledged. */
const RECEIVE_MAXIMUM = 20;
/** The largest packet we take: a declaration and its envelope. */
export const MAX_INBOUND_BYTES = 512 * 1024;
/** `mqtt.md`: sessions of topics downward outlive a week's outage. */
const SESSION_EXPIRY_S = 8 * 24 * 3600;

/** By what the broker knows a role's session, unless it goes by the certificate's name. */
export function clientIdOf(site: string, gateway: string, role: "hit" | "in" | "bulk"): string {
  return `lynceus-${site}-${gateway}-${role}`;
}

/** What MQTT.js is started with: used once, nothing of its own queue and reconnection. */
export function clientOptions(options: ConnectionOptions): IClientOptions {
  const { protocol, credentials, will, username } = options;
  const five = protocol === 5;
  return {
    protocolVersion: protocol,
    clientId: options.clientId,
    clean: false,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(username === undefined ? {} : { username }),
    ...(credentials.password === undefined ? {} : { password: credentials.password }),
    ...tlsOptions(credentials),
    ...(options.url.startsWith("wss:") ? { wsOptions: webSocketOptions(credentials) } : {}),
    ...(five
      ? {
          properties: {
            sessionExpiryInterval: SESSION_EXPIRY_S,
            receiveMaximum: RECEIVE_MAXIMUM,
            maximumPacketSize: MAX_INBOUND_BYTES,
          },
        }
      : {}),
    ...(will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos,
            retain: will.retain,
            ...(five
              ? { properties: { contentType: will.contentType, userProperties: userPropertiesOf(will) } }
              : {}),
          },
        }),
  };
}

/** Of no meaning to a plain connection: whether there is TLS the URL alone says, and nothing falls back from it. */
export function tlsOptions({ ca, cert, key, crl, minVersion = "TLSv1.3" }: Credentials): IClientOptions {
  const given = Object.entries({ ca, cert, key, crl }).filter(([, pem]) => pem !== undefined);
  const files = given.map(([name, pem]) => [name, Buffer.from(pem as Uint8Array)]);
  return { rejectUnauthorized: true, minVersion, ...Object.fromEntries(files) };
}

/** MQTT.js hands a WebSocket the certificates, but neither of these two. */
function webSocketOptions({ minVersion = "TLSv1.3", crl }: Credentials): {
  minVersion: "TLSv1.2" | "TLSv1.3";
  crl?: Buffer;
} {
  return { minVersion, ...(crl === undefined ? {} : { crl: Buffer.from(crl) }) };
}

export function publishOptions(message: Outgoing, protocol: 5 | 4): IClientPublishOptions {
  const { qos, retain, contentType, correlationData } = message;
  if (protocol === 4) return { qos, retain };
  const correlation = correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData) };
  return {
    qos,
    retain,
    properties: { contentType, userProperties: userPropertiesOf(message), ...correlation },
  };
}

function userPropertiesOf({ schema, traceparent }: Outgoing): Record<string, string> {
  return traceparent === undefined ? { schema } : { schema, traceparent };
}
