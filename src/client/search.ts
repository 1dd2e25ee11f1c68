/** Searches of the bound tenant's documents: by a vector, by words, and by both. */
import type { TransactionSql } from 'postgres';
import type { Vector } from '../embedders/embedder.js';
import { checkIntegerOption, checkOptions, RagwallError } from './errors.js';
import { checkedFilter, type Filter } from './filter.js';
import { isText, type JsonObject } from './input.js';
import { checkRows, foreignRow, type TextRow } from './rows.js';
import { type TenantScope, transactionScope } from './tenant.js';
import { questionText } from './vector.js';

/** A passage beside one that was found, of the same source. */
export interface Neighbour {
  /** A UUID. */
  readonly id: string;
  readonly position: number;
  readonly content: string;
  readonly metadata: JsonObject;
}

/** What every search tells of a document. */
interface Found {
  readonly tenantId: string;
  /** A UUID. */
  readonly id: string;
  /** What the passage was taken from. Null, like `position`, if the document was stored by its id. */
  readonly source: string | null;
  /** The number of the passage in its source, from 0. */
  readonly position: number | null;
  readonly content: string;
  readonly metadata: JsonObject;
}

/** A document that was found by its words. */
export interface WordMatch extends Found {
  /** Its score by BM25, from 0. */
  readonly words: number;
}

/** A document that was found. */
export interface Match extends Found {
  /** The cosine of the angle to the query vector, −1 to 1. */
  readonly similarity: number;
  /** With `around`: the passages before it in its source, by position. Those that the filter does not fit are left out. */
  readonly before?: readonly Neighbour[];
  /** With `around`: the passages after it. */
  readonly after?: readonly Neighbour[];
}

/**
 * A document that was found by vector and words. A login that is `agent_caller` is told no scores: all three are NaN.
 */
export interface HybridMatch extends Match {
  /** Its score by BM25, from 0. */
  readonly words: number;
  /** What the order is by, 0 to 1: both scores, scaled over all candidates, by `weight`. */
  readonly score: number;
}

/** Options of a search by words. */
export interface WordOptions {
  /** How many documents, 1 to 1000; default 10. */
  readonly k?: number;
  /** Only documents whose metadata fit. */
  readonly filter?: Filter;
}

/** Options of a search. */
export interface MatchOptions extends WordOptions {
  /** The text of which the query vector is the embedding: documents are found by its words too. Words have to be enabled. */
  readonly text?: string;
  /** Beside `text`: what the vector counts for, 0 to 1; default 0.5. The words count for the rest. */
  readonly weight?: number;
  /**
   * How many passages before and after each that is found are returned with it, 0 to 10; default 0. Not for a login that is
   * `agent_caller`.
   */
  readonly around?: number;
}

/** Options of a search by vector and words. */
export type HybridOptions = MatchOptions & { readonly text: string };

const invalidOption = (message: string) => new RagwallError('INVALID_OPTION', message);

function checkText(text: unknown): string {
  if (!isText(text)) throw invalidOption('text is expected to be a text of whole characters, no NUL.');
  return text;
}

/** Returns `k` and the JSON of the filter. @throws RagwallError `INVALID_K`, `INVALID_FILTER`. */
function checkWordOptions(options: WordOptions): { k: number; filter: string | null } {
  const { k = 10, filter } = options;
  if (!Number.isInteger(k) || k < 1 || k > 1000) {
    throw new RagwallError('INVALID_K', 'k is expected to be a whole number from 1 to 1000.');
  }
  if (Object.hasOwn(options, 'filter') && filter === undefined) {
    throw new RagwallError(
      'INVALID_FILTER',
      'filter is expected to be a JSON object; leave it out where there is none.',
    );
  }
  const copied = checkedFilter(filter);
  return { k, filter: copied ? JSON.stringify(copied) : null };
}

/** A search that was checked. Without a text it is by the vector alone. */
interface Search {
  readonly vector: string;
  readonly k: number;
  readonly filter: string | null;
  readonly text: string | undefined;
  readonly weight: number;
  readonly around: number;
}

function checkSearch(queryVec: Vector, options: MatchOptions, dimensions: number | undefined): Search {
  checkOptions(options, ['k', 'filter', 'text', 'weight', 'around']);
  const { text, weight = 0.5, around = 0 } = options;
  const vector = questionText(queryVec, dimensions);
  const checked = checkWordOptions(options);
  if (Object.hasOwn(options, 'text')) checkText(text);
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= 1)) {
    throw invalidOption('weight is expected to be a number from 0, the words alone, to 1, the vector alone.');
  }
  if (options.weight !== undefined && text === undefined) throw invalidOption('weight is expected only beside text.');
  checkIntegerOption('around', around, 0, 10);
  return { ...checked, vector, text, weight, around };
}

/** Sends a search that does more than find by the vector: one statement, in whose lateral parts the tenant is bound. */
function send(scope: TenantScope, { vector, k, filter, text, weight, around }: Search): Promise<TextRow[]> {
  return scope.send((sql, bound) => {
    // It depends on what binds the tenant, so it is evaluated afterwards.
    const most = sql`case when bound.tenant is not null then ${k}::pg_catalog.int4 end`;
    const json = sql`${filter}::pg_catalog.text::pg_catalog.jsonb`;
    const words = sql`${text ?? null}::pg_catalog.text`;
    const found =
      text === undefined
        ? sql`(
          select m.*, null as words, null as score
          from ragwall.match_documents(${vector}, ${most}, ${json}) with ordinality as m)`
        : scope.agent
          ? sql`(
          select m.*, null as words, null as score
          from ragwall.agent_match_hybrid(${vector}, ${words}, ${most}, ${json}) with ordinality as m)`
          : sql`ragwall.match_hybrid(${vector}, ${words}, ${most}, ${json}, ${weight}::pg_catalog.float8) with ordinality`;
    const fits = filter === null ? sql`` : sql`and n.metadata @? (select ragwall.filter_path(${json}))`;
    const neighbours =
      around === 0
        ? sql`(select null)`
        : sql`(
          select pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(n.tenant_id, n.id, n.position, n.content, n.metadata) order by n.position
          )
          from ragwall.documents as n
          where n.tenant_id = bound.tenant
            and n.source = m.source
            and n.position between m.position::pg_catalog.int8 - ${around}::pg_catalog.int4
              and m.position::pg_catalog.int8 + ${around}::pg_catalog.int4
            and n.position <> m.position
            ${fits})`;
    return sql`
      select bound.tenant, m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, m.similarity, m.words, m.score,
        ${neighbours}
      from ${bound} as bound (tenant)
      left join lateral ${found} as m on true
      order by m.ordinality`;
  });
}

/** A number that is not told is null. */
const numberOf = (text: string | null | undefined) => (text == null ? Number.NaN : Number(text));

function placeOf([, tenantId, id, source, position, content, metadata]: TextRow) {
  return {
    tenantId: tenantId as string,
    id: id as string,
    source: source as string | null,
    position: position === null ? null : Number(position),
    content: content as string,
    metadata: JSON.parse(metadata as string) as JsonObject,
  };
}

/** Returns the neighbours of a passage, those before it and those after it. @throws RagwallError `FOREIGN_ROW`. */
function neighboursOf(row: TextRow) {
  const [, own, , , position] = row;
  const rows = JSON.parse(row[10] ?? '[]') as [string, string, number, string, JsonObject][];
  if (rows.some(([tenant]) => tenant !== own)) throw foreignRow();
  const neighbours = rows.map(([, id, position, content, metadata]) => ({ id, position, content, metadata }));
  return {
    before: neighbours.filter((one) => one.position < Number(position)),
    after: neighbours.filter((one) => one.position > Number(position)),
  };
}

/** Runs the search behind {@link matchDocuments}. `dimensions`: by default any number from 1 to 4000. */
export async function matchIn(
  scope: TenantScope,
  queryVec: Vector,
  options: MatchOptions,
  dimensions?: number,
): Promise<Match[]> {
  const search = checkSearch(queryVec, options, dimensions);
  const { vector, k, filter, text, around } = search;
  if (around > 0 && scope.agent) {
    throw invalidOption('around cannot be used where the login is agent_caller, who may read no table.');
  }
  const rows = await (text === undefined && around === 0 ? scope.match(vector, k, filter) : send(scope, search));
  return checkRows(rows, scope.tenant, scope.single).map((row) => ({
    ...placeOf(row),
    similarity: numberOf(row[7]),
    ...(text !== undefined && { words: numberOf(row[8]), score: numberOf(row[9]) }),
    ...(around > 0 && neighboursOf(row)),
  }));
}

/** Runs the search behind {@link searchWords}. */
export async function searchWordsIn(scope: TenantScope, text: string, options: WordOptions): Promise<WordMatch[]> {
  checkText(text);
  const { k, filter } = checkWordOptions(checkOptions(options, ['k', 'filter']));
  const rows = await scope.send(
    (sql, bound) => sql`
    select bound.tenant, m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, m.words
    from ${bound} as bound (tenant)
    left join lateral ragwall.search_words(
      ${text}::pg_catalog.text, case when bound.tenant is not null then ${k}::pg_catalog.int4 end,
      ${filter}::pg_catalog.text::pg_catalog.jsonb
    ) with ordinality as m on true
    order by m.ordinality`,
  );
  return checkRows(rows, scope.tenant, scope.single).map((row) => ({ ...placeOf(row), words: numberOf(row[7]) }));
}

/**
 * Returns the `k` documents of the bound tenant that are nearest to `queryVec`, nearest first. There are fewer
 * only if the tenant has fewer that match the filter.
 *
 * @param tx a transaction to which {@link setTenant} has bound a tenant.
 * @param queryVec as many finite numbers as the database's embeddings have dimensions, not all zero.
 * @param k 1 to 1000; or the options of `matchDocuments` of a handle, for a search by words too, or with neighbours.
 * @param filter only documents whose metadata fit.
 * @throws RagwallError `INVALID_VECTOR`, `INVALID_K`, `INVALID_FILTER`, `INVALID_OPTION` before anything is sent;
 *   `FOREIGN_ROW` if a row belongs to another tenant than the bound one. PostgresError `RW001` if no tenant is bound; `RW105`,
 *   `RW107`, `RW108` with the operator and the field where the filter is ill-formed; `RW110` if words are not enabled.
 * @see `ragwall.match_documents()` and `match_hybrid()` in db/migrations/committed
 * @example
 * const rows = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return matchDocuments(tx, queryVec, 5, { department: 'finance' });
 * });
 */
export function matchDocuments(tx: TransactionSql, queryVec: Vector, k: number, filter?: Filter): Promise<Match[]>;
export function matchDocuments(tx: TransactionSql, queryVec: Vector, options: HybridOptions): Promise<HybridMatch[]>;
export function matchDocuments(tx: TransactionSql, queryVec: Vector, options: MatchOptions): Promise<Match[]>;
export async function matchDocuments(
  tx: TransactionSql,
  queryVec: Vector,
  k: number | MatchOptions,
  filter?: Filter,
): Promise<Match[]> {
  const isOptions = typeof k === 'object' && k !== null;
  if (isOptions && filter !== undefined) {
    throw invalidOption('filter is expected in the options where there are options.');
  }
  const options = isOptions ? k : { k: k ?? Number.NaN, ...(filter !== undefined && { filter }) };
  return matchIn(transactionScope(tx), queryVec, options);
}

/**
 * Returns the `k` documents of the bound tenant that score best for a text by their words (BM25), best first, and none that
 * has no word of it.
 *
 * @param tx a transaction to which {@link setTenant} has bound a tenant.
 * @param text any text; its 32 longest words count.
 * @throws RagwallError `INVALID_K`, `INVALID_FILTER`, `INVALID_OPTION` before anything is sent; `FOREIGN_ROW`. PostgresError
 *   `RW001` if no tenant is bound; `RW105`, `RW107`, `RW108` where the filter is ill-formed; `RW110` if words are not enabled.
 * @see `ragwall.search_words()` in db/migrations/committed
 * @example
 * const rows = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return searchWords(tx, 'targets of the third quarter', { k: 5 });
 * });
 */
export async function searchWords(tx: TransactionSql, text: string, options: WordOptions = {}): Promise<WordMatch[]> {
  return searchWordsIn(transactionScope(tx), text, options);
}
