import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the browser gets, read once into memory. */
export interface Assets {
  readonly page: string;
  readonly login: string;
  /** The form after a wrong token. */
  readonly refused: string;
  /** Files that tell nothing of the gateway. */
  readonly open: readonly { readonly path: string; readonly type: string; readonly body: string }[];
}

/** The files lie beside the sources, in a checkout and in an installed package (`dist/` lies one folder deeper). */
const FOLDER = import.meta.url.endsWith(".ts") ? "./browser/" : "../../../device/console/browser/";

export function readAssets(): Assets {
  const read = (name: string) => readFileSync(fileURLToPath(new URL(FOLDER + name, import.meta.url)), "utf8");
  const login = read("login.html");
  return {
    page: read("index.html"),
    login: login.replace("<!--refused-->", ""),
    refused: login.replace("<!--refused-->", '<p class="refused" role="alert">That is not the token.</p>'),
    open: [
      { path: "/console.css", type: "text/css; charset=utf-8", body: read("console.css") },
      { path: "/icon.svg", type: "image/svg+xml", body: read("icon.svg") },
      { path: "/console.js", type: "text/javascript; charset=utf-8", body: read("console.js") },
    ],
  };
}
