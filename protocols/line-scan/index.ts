/** The line-scan stream, version 1 (`line-scan.md`): frames, lines and messages, bytes to typed values and back. */
export * from "./frame.ts";
export * from "./frame-decoder.ts";
export * from "./lines.ts";
export * from "./message-codec.ts";
export * from "./messages.ts";
