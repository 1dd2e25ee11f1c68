/** Records what callers wrote, and finds what is wrong with answers and with the rows stored in the end. */
import { group } from 'd3-array';
import type { NewDocument } from '../../../src/index.js';
import type { Row } from './stores.js';

/** A version of a source: `size` passages that are stored together. 0 means that the source is deleted. */
export interface Version {
  readonly version: number;
  readonly size: number;
}

/** A source. Only one caller writes it, one call after another. */
export interface Source {
  readonly tenant: string;
  readonly source: string;
  /** Versions that may be stored: one, or two if the outcome of the last call is unknown. */
  allowed: readonly Version[];
}

export interface Violation {
  readonly kind: string;
  readonly detail: string;
}

export type Ledger = ReturnType<typeof createLedger>;

const key = (tenant: string, source: string) => `${tenant} ${source}`;

/** The number of every version that is rolled back. Nobody is ever to see one. */
export const rolledBack = -1;

/** Returns a passage whose content names its tenant, source, position and version. */
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

/** Returns the version of passages that are all of one version; undefined if some are missing or of another. */
function versionOf(passages: readonly Passage[]): number | undefined {
  const [first] = passages;
  const positions = new Set(passages.map(({ position }) => position));
  const whole =
    passages.length === first?.size &&
    positions.size === first.size &&
    passages.every(({ version, position }) => version === first.version && position < first.size);
  return whole ? first.version : undefined;
}

/** Returns the rows of an answer to `tenant` that belong to others, by their column or by their content. */
export function foreignRows(tenant: string, rows: readonly Row[]): Violation[] {
  return rows
    .filter((row) => row.tenantId !== tenant || parse(row.content).tenant !== tenant)
    .map((row) => ({ kind: 'foreign row', detail: `${tenant} got ${row.tenantId}: ${row.content}` }));
}

/** Returns the sources of an answer that are not whole, where an answer must have whole sources. */
export function brokenSources(rows: readonly Row[]): Violation[] {
  const passages = rows.map(({ content }) => parse(content));
  return [...group(passages, ({ source }) => source)]
    .filter(([, all]) => (versionOf(all) ?? rolledBack) === rolledBack)
    .map(([source]) => ({ kind: 'half-done write', detail: `seen in ${source}` }));
}

/** Returns what is wrong with an answer that has to be one source in one of its allowed versions. */
export function differences({ tenant, source, allowed }: Source, rows: readonly Row[]): Violation[] {
  const passages = rows.map(({ content }) => parse(content));
  const found = passages.length > 0 ? versionOf(passages) : undefined;
  const right = allowed.some(({ version, size }) => (size > 0 ? version === found : rows.length === 0));
  if (right && passages.every((one) => one.source === source)) return [];
  const detail = `${tenant} ${source}: ${JSON.stringify(allowed)} expected, got ${rows.map((row) => row.content)}`;
  return [{ kind: 'wrong answer', detail }];
}

export function createLedger() {
  const sources = new Map<string, Source>();

  /** Compares a source with the rows that are stored under its name. */
  function check(expected: Source, passages: readonly Passage[]): Violation[] {
    const { tenant, source, allowed } = expected;
    const of = (kind: string) => [{ kind, detail: `${tenant} ${source}: ${JSON.stringify({ allowed, passages })}` }];
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
    /** Returns what is wrong with the rows of all tenants, as a superuser reads them in the end. */
    verify(rows: readonly (Row & { source: string; position: number })[]): Violation[] {
      const violations: Violation[] = [];
      const own = rows.filter(({ tenantId, source, position, content }) => {
        const one = parse(content);
        const right = one.tenant === tenantId && one.source === source && one.position === position;
        if (!right) violations.push({ kind: 'foreign write', detail: `${tenantId} ${source}: ${content}` });
        return right;
      });
      const passages = own.map(({ content }) => parse(content));
      const stored = group(passages, (one) => key(one.tenant, one.source));
      for (const [name, expected] of sources) {
        violations.push(...check(expected, stored.get(name) ?? []));
        stored.delete(name);
      }
      for (const name of stored.keys()) violations.push({ kind: 'refused write', detail: name });
      return violations;
    },
  };
}
