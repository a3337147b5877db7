/** A single-use byte link. It is opened once; a supervisor opens a new one after it has ended. */
export interface Link {
  /** Ends when the peer closes, errors when the link breaks. Nothing is read ahead beyond 128 KiB. */
  readonly source: ReadableStream<Uint8Array>;
  /** `write` resolves when the operating system has taken the bytes. */
  readonly sink: WritableStream<Uint8Array>;
  /** Human-readable peer, e.g. `tcp 127.0.0.1:7001`; for logs. */
  readonly peer: string;
  /** Who the device is, where the operating system knows it by its plug; absent: unknown. */
  readonly device?: DeviceNames;
  /** Ends the link, giving what was written a moment to leave. Never throws. */
  close(): Promise<void>;
}

/** A device as it names itself; null where it does not. */
export interface DeviceNames {
  readonly vendor: string | null;
  readonly model: string | null;
  readonly serial: string | null;
}

/** What may be asked of one {@link Transport.open}. */
export interface OpenOptions {
  /**
   * Listening transports: a further peer that comes while the link is in use. The taker closes it. Absent: it is closed
   * at once.
   */
  readonly onSurplus?: (link: Link) => void;
}

/** Opens links one after another; `tcp`, `listen+tcp`, `serial` have a file each. */
export interface Transport {
  readonly url: string;
  /** True where the peer comes to us: nothing is gained by backing off between peers. */
  readonly passive: boolean;
  /**
   * Opens one link; rejects with a `LynceusError` (or the signal's reason) when it cannot. The signal stands for the whole
   * life of the transport: a listening one closes its port when it aborts.
   */
  open(signal: AbortSignal, options?: OpenOptions): Promise<Link>;
}

/** What a supervised device looks like from outside. */
export interface LinkState {
  readonly state: "absent" | "connected";
  /** Why it is absent: a stable code (`LYN_…` or an errno), null when connected. */
  readonly code: string | null;
  readonly since: number;
}
