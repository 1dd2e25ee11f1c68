/** What has to be stored in the end, and what an answer may hold. */
import type { NewDocument } from '../../../src/index.js';
import type { Row } from './stores.js';

/** A version of a source: `size` passages, stored together; none of a source that is deleted. */
export interface Version {
  readonly version: number;
  readonly size: number;
}

/** A source, which one caller alone writes, one call after another. */
export interface Source {
  readonly tenant: string;
  readonly source: string;
  /** What may be stored: one version, or two where the outcome of the last call is unknown. */
  allowed: readonly Version[];
}

export interface Violation {
  readonly kind: string;
  readonly detail: string;
}

export type Ledger = ReturnType<typeof createLedger>;

const key = (tenant: string, source: string) => `${tenant} ${source}`;

/** The number of the versions that are rolled back, which nobody is ever to see. */
export const rolledBack = -1;

/** A passage: its content tells whose it is, and which others are stored with it. */
export function passage(
  { tenant, source }: Source,
  { version, size }: Version,
  position: number,
  embedding: readonly number[],
): NewDocument {
  return {
    ...{ source, position, embedding, embeddingModel: 'soak', metadata: { source } },
    content: JSON.stringify([tenant, source, position, version, size]),
  };
}

interface Passage extends Version {
  readonly tenant: string;
  readonly source: string;
  readonly position: number;
}

function parse(content: string): Passage {
  const [tenant, source, position, version, size] = JSON.parse(content);
  return { tenant, source, position, version, size };
}

/** Which version the passages of a source are, whole; nothing if they are of several, or not all of one. */
function versionOf(passages: readonly Passage[]): number | undefined {
  const [first] = passages;
  const positions = new Set(passages.map(({ position }) => position));
  const whole =
    passages.length === first?.size &&
    positions.size === first.size &&
    passages.every(({ version, position }) => version === first.version && position < first.size);
  return whole ? first.version : undefined;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** What is wrong with an answer that `tenant` got. */
export function foreignRows(tenant: string, rows: readonly Row[]): Violation[] {
  return rows
    .filter((row) => row.tenantId !== tenant || parse(row.content).tenant !== tenant)
    .map((row) => ({ kind: 'foreign row', detail: `${tenant} got ${row.tenantId}: ${row.content}` }));
}

/** What is wrong with the sources that an answer holds, if it has to hold them whole. */
export function brokenSources(rows: readonly Row[]): Violation[] {
  const passages = rows.map(({ content }) => parse(content));
  return [...groupBy(passages, ({ source }) => source)]
    .filter(([, all]) => (versionOf(all) ?? rolledBack) === rolledBack)
    .map(([source]) => ({ kind: 'half-done write', detail: `seen in ${source}` }));
}

/** What is wrong with an answer that has to hold a source of known state, and nothing else. */
export function differences({ tenant, source, allowed }: Source, rows: readonly Row[]): Violation[] {
  const passages = rows.map(({ content }) => parse(content));
  const found = passages.length > 0 ? versionOf(passages) : undefined;
  const right = allowed.some(({ version, size }) => (size > 0 ? version === found : rows.length === 0));
  if (right && passages.every((one) => one.source === source)) return [];
  const detail = `${tenant} ${source}: ${JSON.stringify(allowed)} expected, got ${rows.map((row) => row.content)}`;
  return [{ kind: 'wrong answer', detail }];
}

/** Creates the record of what was written. */
export function createLedger() {
  const sources = new Map<string, Source>();

  /** Compares a source with the rows that are stored under its name. */
  function check(expected: Source, passages: readonly Passage[]): Violation[] {
    const { tenant, source, allowed } = expected;
    const of = (kind: string) => [
      { kind, detail: `${tenant} ${source}: ${JSON.stringify({ allowed, passages })}` },
    ];
    const found = versionOf(passages);
    if (passages.length > 0 && found === undefined) return of('half-done write');
    if (allowed.some(({ version, size }) => (size > 0 ? version === found : found === undefined))) {
      return [];
    }
    const oldest = Math.min(...allowed.map(({ version }) => version));
    return of(found === undefined || found < oldest ? 'lost write' : 'refused write');
  }

  return {
    /** Adds a source of which nothing is stored. */
    add(tenant: string, source: string): Source {
      const added = { tenant, source, allowed: [{ version: 0, size: 0 }] };
      sources.set(key(tenant, source), added);
      return added;
    },
    /** Returns what is wrong with all rows there are, as a superuser sees them. */
    verify(rows: readonly (Row & { source: string; position: number })[]): Violation[] {
      const violations: Violation[] = [];
      const own = rows.filter(({ tenantId, source, position, content }) => {
        const one = parse(content);
        const right = one.tenant === tenantId && one.source === source && one.position === position;
        if (!right)
          violations.push({ kind: 'foreign write', detail: `${tenantId} ${source}: ${content}` });
        return right;
      });
      const passages = own.map(({ content }) => parse(content));
      const stored = groupBy(passages, (one) => key(one.tenant, one.source));
      for (const [name, expected] of sources) {
        violations.push(...check(expected, stored.get(name) ?? []));
        stored.delete(name);
      }
      for (const name of stored.keys()) violations.push({ kind: 'refused write', detail: name });
      return violations;
    },
  };
}
