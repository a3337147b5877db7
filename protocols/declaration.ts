/** The declaration `customs-aed/1.0`: what central systems send ahead of goods, and how forgivingly it is read. */
export * from "./declaration/parse.ts";
export * from "./declaration/privacy.ts";
export * from "./declaration/schema.ts";
export * from "./declaration/scrub.ts";
