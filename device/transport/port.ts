/** A single-use byte link. It is opened once; a supervisor opens a new one after it has ended. */
export interface Link {
  readonly source: ReadableStream<Uint8Array>;
  readonly sink: WritableStream<Uint8Array>;
  /** Human-readable peer, e.g. `tcp 127.0.0.1:7001`; for logs. */
  readonly peer: string;
  close(): Promise<void>;
}

/** Opens one link; `tcp`, `listen+tcp`, `serial` have a file each. */
export interface Transport {
  readonly url: string;
  open(signal: AbortSignal): Promise<Link>;
}

/** What a supervised device looks like from outside. */
export interface LinkState {
  readonly state: "absent" | "connected";
  /** Why it is absent: a stable code (`LYN_…` or an errno), null when connected. */
  readonly code: string | null;
  readonly since: number;
}
