/** Bounds on what is read from an image file; each has a test that reaches it. */
export const IMAGE_LIMITS = {
  /** Pixels of one plane: 64 Mpx holds the largest cargo scan (about 10,000 × 5,000). */
  maxPixels: 64 * 1024 * 1024,
  /** Bytes of one image file before it is opened. */
  maxFileBytes: 1024 * 1024 * 1024,
  /** Bytes of a sidecar. */
  maxSidecarBytes: 64 * 1024,
  /** Images taken from one folder argument. */
  maxFolderEntries: 100_000,
} as const;
