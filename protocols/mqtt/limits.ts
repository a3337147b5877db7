/** Sizes and list lengths of the MQTT contract (`mqtt.md` "Envelope"). */

/** An event, bytes, unless said otherwise. */
export const MAX_EVENT_BYTES = 64 * 1024;
/** A declaration event, bytes. */
export const MAX_DECLARATION_BYTES = 256 * 1024;
/** `data` of a hit before it is sealed, bytes: leaves room for `integrity` and the envelope. */
export const MAX_HIT_DATA_BYTES = MAX_EVENT_BYTES - 2048;
/** A part of an image, bytes of the file in it. */
export const MAX_IMAGE_PART_BYTES = 256 * 1024;
/** Characters of a text. */
export const MAX_TEXT = 200;

/** Entries of the lists of a hit. */
export const LIST_LIMITS = {
  detections: 100,
  evidence: 64,
  reasons: 20,
  declarations: 20,
  similar: 10,
  /** Not cut by the contract's words, but bounded all the same. */
  identifiers: 64,
  contents: 17,
  hsChapters: 20,
  findings: 20,
  images: 24,
  models: 16,
  profile: 64,
} as const;
export type LimitedList = keyof typeof LIST_LIMITS;

/** Ids of a receipt. */
export const MAX_RECEIPT_IDS = 1000;
