/** Bounds on what is read of a DICOM object; each has a test that reaches it. */
export const DICOM_LIMITS = {
  /** Sequences inside sequences. */
  maxDepth: 32,
  /** Elements and items of one object together: a CT of 10,000 frames has about 200,000. */
  maxElements: 1_000_000,
  /** Fragments of encapsulated pixel data. */
  maxFragments: 100_000,
  /** Bytes before the pixel data. */
  maxHeadBytes: 64 * 1024 * 1024,
  /** Samples of one decoded frame. */
  maxFramePixels: 64_000_000,
  /** Frames of one object. */
  maxFrames: 100_000,
} as const;
