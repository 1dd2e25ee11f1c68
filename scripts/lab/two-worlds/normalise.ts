/** Takes out of what a server said what differs between any two servers, whoever's rows they hold. */

/** What is a world's own: the number of its process, the name of its database. */
export interface Marks {
  readonly pid: string;
  readonly database: string;
}

/**
 * - The name of the database and its folder, and where the statement asks for processes, its number: each world has its own.
 * - Moments of today, which is when rows are written and transactions begin; the rows that both hold are of 2020.
 * - The seal of the tenant, which is over process and time.
 * - Times, and counts of buffers by where they were found: cached or not, dirty or not, is a matter of what the
 *   server did before. How many were looked at is kept. Those of planning go: they are catalog pages, read or
 *   not as other sessions invalidate what is cached.
 * - What trace_sort says of time.
 * - Full-page images and bytes of the write-ahead log: they follow the last checkpoint.
 */
export function normalise(lines: readonly string[], sql: string, { pid, database }: Marks): string[] {
  const process = /pid|activity|locks/.test(sql) ? new RegExp(`\\b${pid}\\b`, 'g') : /(?!)/;
  const normal: string[] = [];
  let planning = false;
  for (const line of lines) {
    if (/^row +Planning:$/.test(line)) planning = true;
    else if (planning && /^row +(Buffers|Memory):/.test(line)) planning = false;
    else {
      normal.push(
        line
          .replaceAll(database, '<database>')
          .replace(/\bbase\/\d+\//g, 'base/<database>/')
          .replace(process, '<process>')
          .replace(
            /\b20(?!20)\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:?\d\d)?|Z)?/g,
            '<moment>',
          )
          .replace(/(?<![0-9a-fx])[0-9a-f]{64}(?![0-9a-f])/g, '<seal>')
          .replace(/CPU: user: .*? elapsed: [\d.]+ s/, '')
          .replace(/Buffers: .*/, (buffers) => `Buffers: ${looked(buffers)}`)
          .replace(/"(Planning|Execution) Time": [\d.]+/g, '')
          .replace(/"Planning": \{[^}]*\}/g, '')
          .replace(/ (fpi|bytes)=\d+/g, '')
          .replace(/"WAL (FPI|Bytes)": \d+/g, '')
          .replace(/"(Shared|Local) (Dirtied|Written) Blocks": \d+/g, '')
          .replace(
            /"Shared Hit Blocks": (\d+),\s*"Shared Read Blocks": (\d+)/g,
            (_, hit, read) => `"Shared": ${+hit + +read}`,
          ),
      );
    }
  }
  return normal;
}

const looked = (buffers: string) =>
  [...buffers.matchAll(/(?:hit|read)=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
