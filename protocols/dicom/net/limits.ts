/** Bounds on what a DICOM peer may send (PS3.8); each has a test that reaches it. */
export const NET_LIMITS = {
  /** Length of a P-DATA-TF that is announced to peers, bytes. */
  announcedPdu: 256 * 1024,
  /** Length of a P-DATA-TF that is taken: peers that do not heed what was announced. */
  maxDataPdu: 1024 * 1024,
  /** Length of any other PDU: 128 presentation contexts with 30 transfer syntaxes each. */
  maxControlPdu: 256 * 1024,
  /** Bytes of a command set. */
  maxCommandBytes: 64 * 1024,
  /** Presentation contexts of an association: odd numbers to 255. */
  maxContexts: 128,
} as const;
