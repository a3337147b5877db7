import { existsSync } from "node:fs";

/** What the operating system says of its clock. */
export interface KernelClock {
  /** A time service disciplines it. */
  readonly synchronised: boolean;
  /** Most that it may be off, ms, as the time service says; null: unknown. */
  readonly maxErrorMs: number | null;
}

/** `ntp_adjtime`: the clock follows nothing. */
const TIME_ERROR = 5;
const STA_UNSYNC = 0x40;
/** `struct timex` of 64-bit Linux: its size with room to spare, and where the fields lie (adjtimex(2)). */
const TIMEX_BYTES = 512;
const AT = { maxError: 24, status: 40, seconds: 72 } as const;
/** The clock of this process and the kernel's are one, or this process is told another time, ms. */
const SAME_MS = 2000;
/** Where systemd-timesyncd leaves word that the clock follows a reference. */
const MARK = "/run/systemd/timesync/synchronized";

/**
 * A look at the kernel's clock by `ntp_adjtime`, as every time service (chrony, ntpd, timesyncd, PTP) drives it; a clock that is
 * set by hand is unsynchronised there at once. Where the call cannot be made, only timesyncd's mark is known.
 */
export async function openKernelClock(wall: () => number): Promise<() => KernelClock> {
  const call = await adjtime();
  if (call === null) return () => ({ synchronised: existsSync(MARK), maxErrorMs: null });
  return () => {
    const timex = new Uint8Array(TIMEX_BYTES);
    const verdict = call(timex);
    const view = new DataView(timex.buffer);
    const seconds = Number(view.getBigInt64(AT.seconds, true));
    const unsynchronised = verdict === TIME_ERROR || (view.getInt32(AT.status, true) & STA_UNSYNC) !== 0;
    if (unsynchronised || Math.abs(seconds * 1000 - wall()) > SAME_MS)
      return { synchronised: false, maxErrorMs: null };
    return { synchronised: true, maxErrorMs: Number(view.getBigInt64(AT.maxError, true)) / 1000 };
  };
}

/** Null where there is no such call: another system, another word size. */
async function adjtime(): Promise<((timex: Uint8Array) => number) | null> {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) return null;
  try {
    const { default: koffi } = await import("koffi");
    const call = koffi.load(null).func("int ntp_adjtime(_Inout_ uint8_t *timex)");
    return (timex) => Number(call(timex));
  } catch {
    return null;
  }
}
