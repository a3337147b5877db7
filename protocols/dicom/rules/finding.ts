/** What a rule says of an object. */
export interface Finding {
  /** Stable id of the rule, such as `TDR-03`. */
  readonly rule: string;
  /** `error`: a reader may refuse or misread the object. `warning`: it is read, but not as the standard has it. */
  readonly level: "error" | "warning";
  /** `gggg,eeee`, with the path of sequences before it; null where the finding is of the whole object. */
  readonly tag: string | null;
  readonly message: string;
  readonly remedy: string;
}
