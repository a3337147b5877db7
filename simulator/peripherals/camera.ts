import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import sharp from "sharp";
import type { Address } from "./address.ts";

/** Viewers of the stream at once, at most. */
const MAX_VIEWERS = 4;
const BOUNDARY = "lynceus-frame";

/** What is wrong with the camera: it takes requests and answers none, or with what is no picture. */
export type CameraTrouble = "none" | "hang" | "garbage";

/** A camera beside the tunnel: `/snapshot.jpg` gives what is before it, `/stream` each new picture (MJPEG). */
export class SimulatedCamera {
  readonly #address: Address;
  readonly #viewers = new Set<ServerResponse>();
  #server: Server | null = null;
  #picture: Uint8Array = new Uint8Array();
  #trouble: CameraTrouble = "none";

  constructor(options: { readonly address: Address }) {
    this.#address = options.address;
  }

  async start(): Promise<Address> {
    this.#picture = await labelPicture([]);
    const server = createServer((request, response) => this.#answer(request.url ?? "/", response));
    this.#server = server;
    server.listen(this.#address.port, this.#address.host);
    await once(server, "listening");
    const bound = server.address();
    const port = bound !== null && typeof bound === "object" ? bound.port : this.#address.port;
    return { host: this.#address.host, port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const viewer of this.#viewers) viewer.destroy();
    if (server === null) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** What lies before the camera from now on. */
  show(picture: Uint8Array): void {
    this.#picture = picture;
    for (const viewer of this.#viewers) this.#frame(viewer);
  }

  trouble(what: CameraTrouble): void {
    this.#trouble = what;
    if (what === "none") return;
    for (const viewer of this.#viewers) viewer.destroy();
  }

  #answer(path: string, response: ServerResponse): void {
    if (this.#trouble === "hang") return;
    if (this.#trouble === "garbage") {
      response.writeHead(200, { "content-type": "image/jpeg" }).end("this is no picture");
      return;
    }
    if (path === "/snapshot.jpg") {
      response.writeHead(200, { "content-type": "image/jpeg" }).end(this.#picture);
      return;
    }
    if (path !== "/stream" || this.#viewers.size >= MAX_VIEWERS) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": `multipart/x-mixed-replace; boundary=${BOUNDARY}` });
    this.#viewers.add(response);
    response.on("close", () => this.#viewers.delete(response));
    this.#frame(response);
  }

  #frame(viewer: ServerResponse): void {
    viewer.write(
      `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: ${this.#picture.length}\r\n\r\n`,
    );
    viewer.write(this.#picture);
    viewer.write("\r\n");
  }
}

/** A parcel's side with a label on it, a line of print for each text, photographed a little askew, as JPEG. */
export async function labelPicture(lines: readonly string[], symbolSvg = ""): Promise<Uint8Array> {
  const texts = lines.map((line, n) => `<text x="190" y="${190 + 60 * n}">${line}</text>`).join("");
  const label =
    lines.length === 0 && symbolSvg === ""
      ? ""
      : `<rect x="150" y="120" width="700" height="380" fill="white"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="600"><rect width="1000" height="600" fill="#c9b08a"/>${label}<g font-family="DejaVu Sans, sans-serif" font-size="34">${texts}</g>${symbolSvg}</svg>`;
  return sharp(Buffer.from(svg)).rotate(1.5, { background: "#777777" }).jpeg({ quality: 80 }).toBuffer();
}
