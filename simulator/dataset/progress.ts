/** Lines that say how far a run is, where there is no terminal to write over. */
const LINES = 10;

/** Where progress is shown: standard error, mostly. */
export interface ProgressSink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Shows how far a data set is and how fast it gets there: on a terminal in one line that is written over, elsewhere (a log, a
 * pipe) a line each tenth of the way. `now`: ms, of any origin.
 */
export function progressOn(sink: ProgressSink, now: () => number): (done: number, count: number) => void {
  const began = now();
  let tenths = 0;
  return (done, count) => {
    const seconds = (now() - began) / 1000;
    const speed = seconds > 0 ? `, ${(done / seconds).toFixed(1)}/s` : "";
    const text = `${done} of ${count} scans${speed}`;
    if (sink.isTTY === true) {
      sink.write(`\r\u001b[K${text}${done === count ? "\n" : ""}`);
      return;
    }
    const reached = Math.floor((LINES * done) / count);
    if (reached > tenths) sink.write(`${text}\n`);
    tenths = reached;
  };
}
