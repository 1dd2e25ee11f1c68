/** Shortens lists for paper: ids of checks to ranges, objects to a few names and a number. */
import type { InventoryRow } from '../diff.js';
import { plural, type ReportRow, visible } from '../report.js';
import { type Html, html } from './html-markup.js';

/** Returns at most `length` characters of a text, with unprintable ones written out. */
export function clip(text: string, length = 95): string {
  const characters = [...visible(text)];
  return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : characters.join('');
}

/** Returns ids as ranges: `T00–T03, T05`. Those of the probe, which begin with B, come last. */
export function idRanges(ids: readonly string[]): string {
  const ranges: [first: string, last: string][] = [];
  const place = (id: string) => id.replace(/^B/, '~');
  for (const id of [...ids].sort((a, b) => (place(a) < place(b) ? -1 : 1))) {
    const range = ranges.at(-1);
    const [, letter = '', number = ''] = /^(\D+)(\d+)$/.exec(range?.[1] ?? '') ?? [];
    if (range && id === letter + String(Number(number) + 1).padStart(number.length, '0')) range[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(', ');
}

const name = /^(?:"(?:[^"]|"")*"|[^".\s]+)\.(?:"(?:[^"]|"")*"|[^".\s]+)/;

/** Returns a function that names the table at the top of which another is a partition. */
function partitioned(inventory: readonly InventoryRow[]): (table: string) => string | undefined {
  const parents = new Map(
    inventory
      .filter(([, , property]) => property === 'partition of')
      .map(([, object, , value]) => [object, name.exec(value)?.[0] ?? value]),
  );
  return (table) => {
    let top = parents.get(table);
    for (let next = top; next; next = parents.get(next)) top = next;
    return top;
  };
}

/**
 * Returns the objects of findings: as many as `length` characters hold, and how many more there are. Partitions, and
 * what is on them or granted on them, are one object with a number.
 */
export function foldedObjects(rows: readonly ReportRow[], inventory: readonly InventoryRow[], length: number): Html {
  const topOf = partitioned(inventory);
  const folded = new Map<string, [number: number, isPartition: boolean]>();
  for (const { object } of rows) {
    const top = topOf(name.exec(object.split(' on ').at(-1) ?? '')?.[0] ?? '');
    const [number] = folded.get(top ?? object) ?? [0];
    folded.set(top ?? object, [number + 1, top !== undefined]);
  }
  const names = [...folded]
    .sort(([, [a]], [, [b]]) => b - a)
    .map(([key, [number, isPartition]]) =>
      isPartition ? `${plural(number, 'partition')} of ${key}` : key || 'the database',
    )
    .map((text) => clip(text, length / 2));
  const listed: string[] = [];
  let room = length;
  for (const one of names) {
    room -= [...one].length + 2;
    if (listed.length > 0 && room < 0) break;
    listed.push(one);
  }
  const further = names.length - listed.length;
  const count = rows.length > 1 && `${rows.length} objects: `;
  return html`${count}${listed.map((text, at) => html`${at > 0 && ', '}<bdi>${text}</bdi>`)}${further > 0 && `, and ${further} more`}`;
}
