import { createConnection } from "node:net";
import { z } from "zod";
import { encodeFrame, FrameReader } from "./frames.ts";
import type { FromChild } from "./messages.ts";
import type { OpenProcess } from "./process.ts";

const list = z.array(z.unknown());
const bytes = z.number();
const id = z.number();

/**
 * What may come: enough of its form that nothing behind stumbles. What a model says may be wrong in any case, and is weighed as
 * evidence, no more.
 */
const messageSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("ready"),
    models: list,
    faults: list,
    readyMs: bytes,
    residentBytes: bytes,
  }),
  z.looseObject({
    type: z.literal("analysed"),
    id,
    residentBytes: bytes,
    analysis: z.looseObject({
      detections: z.array(z.looseObject({ class: z.string(), score: z.number() })),
      contents: list,
      images: list,
      models: z.array(z.looseObject({ milliseconds: z.number() })),
      problems: list,
      quality: z.number(),
      analysed: z.boolean(),
    }),
  }),
  z.looseObject({ type: z.literal("assessed"), id, result: z.looseObject({}) }),
  /** The server's own word: the process behind it is gone. */
  z.looseObject({ type: z.literal("lost"), reason: z.string().max(500), stderr: z.string().max(4000) }),
]);

/** An analysis process behind a Unix socket (`lynceus inference`): a connection is a life of one. */
export function socketProcess(path: string): OpenProcess {
  return ({ onMessage, onStderr, onEnd }) => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const reader = new FrameReader();
    const socket = createConnection({ path });
    const giveUp = (reason: string) => {
      onEnd(reason);
      socket.destroy();
    };
    socket.on("data", (chunk: Uint8Array) => {
      try {
        for (const received of reader.push(chunk)) {
          const message = messageSchema.safeParse(received);
          if (!message.success) return giveUp("the analysis process says what nobody understands");
          if (message.data.type === "lost") {
            onStderr(message.data.stderr);
            return giveUp(message.data.reason);
          }
          onMessage(message.data as unknown as FromChild);
        }
      } catch (error) {
        giveUp((error as Error).message);
      }
    });
    socket.on("error", (error) => giveUp(`the analysis process cannot be reached: ${error.message}`));
    socket.on("close", () => {
      onEnd("the analysis process closed the connection");
      resolve();
    });
    return {
      pid: null,
      send: (message, onFailed) => {
        try {
          socket.write(encodeFrame(message), (error) => {
            if (error) onFailed(error);
          });
        } catch (error) {
          onFailed(error as Error);
        }
      },
      kill: () => void socket.destroy(),
      gone,
    };
  };
}
