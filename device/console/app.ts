import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie, setCookie } from "hono/cookie";
import { streamSSE } from "hono/streaming";
import { type Access, mayAsk } from "./access.ts";
import type { Assets } from "./assets.ts";
import type { Feed } from "./feed.ts";
import type { Pictures } from "./pictures.ts";

export interface ConsoleAppOptions {
  /** Host that the console listens on. */
  readonly host: string;
  /** Whether it is reached by TLS. */
  readonly secure: boolean;
  readonly access: Access;
  readonly assets: Assets;
  readonly state: () => Promise<object>;
  readonly feed: Feed;
  readonly pictures: Pick<Pictures, "of">;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

const COOKIE = "lynceus-console";
/** The form's body: a token and no more, bytes. */
const MAX_FORM_BYTES = 4096;
/** Between two signs of life on a quiet feed, ms. */
const PING_MS = 15_000;
const SCAN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Everything comes from the console itself; nothing may frame it, run inline, or send a form elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** What the console answers. Read-only: a token can be given, nothing of the gateway can be changed. */
export function consoleApp(options: ConsoleAppOptions): Hono {
  const { host, access, assets, state, pictures, metrics } = options;
  const app = new Hono();
  app.use(async (c, next) => {
    for (const [name, value] of headersOf(options.secure)) c.header(name, value);
    if (!mayAsk(c.req.header("host"), host)) return c.text("Ask for 127.0.0.1 or localhost.", 421);
    return next();
  });
  // The sheet and the script tell nothing of the gateway: the form needs them.
  for (const { path, type, body } of assets.open)
    app.get(path, (c) => c.body(body, 200, { "content-type": type }));
  app.get("/login", (c) => c.html(assets.login));
  app.post("/login", bodyLimit({ maxSize: MAX_FORM_BYTES }), async (c) => {
    const { token } = await c.req.parseBody();
    const session = typeof token === "string" ? await access.open(token.trim()) : null;
    if (session === null) return c.html(assets.refused, 401);
    setCookie(c, COOKIE, session, { httpOnly: true, sameSite: "Strict", secure: options.secure, path: "/" });
    return c.redirect("/", 303);
  });
  app.use(async (c, next) => {
    const authorization = c.req.header("authorization");
    const session = getCookie(c, COOKIE);
    const allowed = await access.allows({
      ...(authorization === undefined ? {} : { authorization }),
      ...(session === undefined ? {} : { session }),
    });
    if (allowed) return next();
    if (c.req.path === "/") return c.redirect("/login", 303);
    return c.text("A token is needed: Authorization: Bearer TOKEN", 401, { "www-authenticate": "Bearer" });
  });
  app.get("/", (c) => c.html(assets.page));
  app.get("/api/state", async (c) => c.json(await state()));
  app.get("/api/events", (c) => events(c, options.feed));
  app.get("/api/pictures/:scan/:view", async (c) => {
    const view = /^([0-7])\.png$/.exec(c.req.param("view"))?.[1];
    const scan = c.req.param("scan");
    if (view === undefined || !SCAN_ID.test(scan)) return c.text("no such picture", 404);
    const picture = await pictures.of(scan, Number(view));
    if (picture === "busy") return c.text("too many pictures are drawn already", 503, { "retry-after": "2" });
    if (picture === null) return c.text("the picture is no longer kept", 404);
    return c.body(new Uint8Array(picture), 200, { "content-type": "image/png" });
  });
  app.get("/metrics", async (c) => {
    const { type, text } = await metrics();
    return c.body(text, 200, { "content-type": type });
  });
  app.notFound((c) => c.text("not found", 404));
  app.onError((_error, c) => c.text("the gateway cannot say that now", 500));
  return app;
}

function events(c: Context, feed: Feed): Response | Promise<Response> {
  let waiting: string | null = null;
  let wake: (() => void) | null = null;
  // A page that reads slowly gets the newest state, not all of them.
  const end = feed.watch((text) => {
    waiting = text;
    wake?.();
  });
  if (end === null) return c.text("too many pages are open", 503, { "retry-after": "10" });
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => {
      end();
      wake?.();
    });
    while (!stream.aborted && !stream.closed) {
      const text = waiting;
      waiting = null;
      if (text !== null) await stream.writeSSE({ event: "state", data: text });
      else await stream.write(": alive\n\n");
      if (waiting === null && !stream.aborted)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PING_MS).unref();
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      wake = null;
    }
    end();
  });
}

function headersOf(secure: boolean): readonly (readonly [string, string])[] {
  return [
    ["content-security-policy", POLICY],
    ["x-content-type-options", "nosniff"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-opener-policy", "same-origin"],
    ["cross-origin-resource-policy", "same-origin"],
    ["cache-control", "no-store"],
    ...(secure ? [["strict-transport-security", "max-age=31536000"] as const] : []),
  ];
}
