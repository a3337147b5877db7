import { randomUUID } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import type { Declaration } from "../../../protocols/declaration.ts";
import { LynceusError } from "../../../protocols/errors.ts";
import { dataSchemaUrn, EVENT_CONTENT_TYPE } from "../../../protocols/mqtt/envelope.ts";
import { CENTRAL_SOURCE, encodeEvent, topicFor } from "../../../protocols/mqtt/index.ts";
import { SITE_PATTERN } from "../../../protocols/mqtt/names.ts";
import { describe } from "../../uplink/connection.ts";
import { type BrokerLogin, loginOptions } from "../broker-login.ts";

const CONNECT_TIMEOUT_MS = 15_000;

export interface PublisherOptions extends Omit<BrokerLogin, "key"> {
  /** Private key of `cert`: `--key` is that of the parties' tokens. */
  readonly certKey?: string;
  readonly broker?: string;
  readonly site?: string;
  readonly topicRoot: string;
}

/** Publishes declarations as central does, one after the other, each acknowledged by the broker before the next. */
export class Publisher {
  readonly #client: MqttClient;
  readonly #topic: string;

  private constructor(client: MqttClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  /** Throws LYN_USAGE for a site that is none. */
  static async open({
    broker = "",
    site = "",
    topicRoot: root,
    username,
    passwordFile,
    ca,
    cert,
    certKey,
  }: PublisherOptions): Promise<Publisher> {
    if (!new RegExp(SITE_PATTERN).test(site)) {
      throw new LynceusError("LYN_USAGE", `--site ${site} is no site`, {
        remedy:
          "Name the site of the gateways, a UN/LOCODE with or without a part, for example --site NLRTM-EX.",
      });
    }
    const identity = await loginOptions({ username, passwordFile, ca, cert, key: certKey });
    const client = await connectAsync(
      broker,
      {
        protocolVersion: 5,
        reconnectPeriod: 0,
        connectTimeout: CONNECT_TIMEOUT_MS,
        ...identity,
      },
      false,
    ).catch((cause: Error) => {
      const why = describe(cause);
      throw new LynceusError("LYN_LINK_UNREACHABLE", `The broker ${broker} cannot be reached: ${why}`, {
        remedy: "Check the URL, the user or certificate, and that the broker runs.",
        cause,
      });
    });
    return new Publisher(client, topicFor("declaration", { root, site }));
  }

  async publish(declaration: Declaration): Promise<void> {
    const payload = encodeEvent({
      name: "declaration",
      id: randomUUID(),
      source: CENTRAL_SOURCE,
      time: new Date().toISOString(),
      data: declaration,
    });
    await this.#client.publishAsync(this.#topic, Buffer.from(payload), {
      qos: 1,
      properties: {
        contentType: EVENT_CONTENT_TYPE,
        userProperties: { schema: dataSchemaUrn("declaration") },
      },
    });
  }

  async close(): Promise<void> {
    await this.#client.endAsync();
  }
}
