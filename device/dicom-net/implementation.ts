/** What names this implementation to DICOM peers: a UUID-derived UID (PS3.5 annex B.2) and a version. */
export const IMPLEMENTATION = {
  implementationClass: "2.25.302043790172249692526321623266752743501",
  implementationVersion: "LYNCEUS_1",
} as const;
