import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { Aedes } from "aedes";
import type { Address } from "../peripherals/address.ts";

/** Messages a broker of tests and demonstrations takes, bytes: the largest event is a declaration of 256 KiB. */
export const MAX_PACKET_BYTES = 1024 * 1024;
/** Messages in flight to and from one client. */
const RECEIVE_MAXIMUM = 256;

/** An embedded MQTT 5 broker that keeps everything in memory: for demonstrations and tests, not for a site. */
export class EmbeddedBroker {
  readonly #address: Address;
  #server: Server | null = null;
  #aedes: Aedes | null = null;

  constructor(options: { readonly address: Address }) {
    this.#address = options.address;
  }

  /** Binds; resolves with the address, its port filled in. */
  async start(): Promise<Address> {
    const aedes = await Aedes.createBroker({
      maximumPacketSize: MAX_PACKET_BYTES,
      receiveMaximum: RECEIVE_MAXIMUM,
    });
    // A client that breaks off is its own concern: it comes again.
    aedes.on("clientError", () => {});
    aedes.on("connectionError", () => {});
    const server = createServer({ noDelay: true }, (socket) => {
      aedes.handle(socket);
    });
    this.#aedes = aedes;
    this.#server = server;
    server.listen(this.#address.port, this.#address.host);
    await once(server, "listening");
    const bound = server.address();
    const port = bound !== null && typeof bound === "object" ? bound.port : this.#address.port;
    return { host: this.#address.host, port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    const aedes = this.#aedes;
    this.#server = null;
    this.#aedes = null;
    const closed = server === null ? null : new Promise<void>((resolve) => server.close(() => resolve()));
    if (aedes !== null) await new Promise<void>((resolve) => aedes.close(resolve));
    await closed;
  }
}
