/** Progress bars, and how long each part took. */
import { SingleBar } from 'cli-progress';

/** Starts a bar; where the output is no terminal it prints a line now and then. */
export function progress(label: string, total: number): { step(n?: number): void; stop(): void } {
  const format = `${label.padEnd(28)} {bar} {value}/{total}  {eta_formatted} left`;
  const bar = new SingleBar({
    format,
    barsize: 30,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  });
  bar.start(total, 0);
  return { step: (n = 1) => bar.increment(n), stop: () => bar.stop() };
}

/** Says that something without a bar is under way. */
export const say = (line: string) => console.log(line);
