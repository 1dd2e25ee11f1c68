/** Breaks of search, search tables, ingest and deletion. */
import { type Rule, within } from './bodies-rule.js';

/** What both ways of searching have: by a search table, and in all documents. */
const anySearch = within(/\.search_(documents|table)\(/, [
  ['k does not limit', /limit k(?=\s|;)|\[:k\]/, ''],
  ['the filter is not applied', /and \(path is null or \w\.metadata @\? path\)/, ''],
  ['the filter is not applied to candidates', /(?<=where )\w\.metadata @\? \$\d/, 'true'],
  ['the farthest come first', /(?<=order by (d\.)?)similarity desc/, 'similarity'],
  ['ties come the other way round', /(?<=similarity desc), (\w)\.id/, ', $1.id desc'],
  ['similarity is distance', /\b1 - (?=\()/, ''],
]);

const searchTable = within(/\.search_table\(/, [
  ['the tail is ignored', /(?<=tail constant uuid\[\] := )array\([\s\S]*?\)(?=;)/, "'{}'"],
  ['of what matches, k are enough', /k \+ cardinality\(tail\)/, 'k'],
  ['a table that is gone is an error', /if to_regclass[\s\S]*?end if;/, ''],
  ['what has changed counts', /(?<=from candidate as c) where not c\.changed/, ''],
  ['what has changed counts if it is a candidate', /bool_or\(u\.changed\)/, 'bool_and(u.changed)'],
  ['the first answer is believed', /unchanged >= k/, 'true'],
  ['what is missing from the documents is not missed', /all_that_match and unchanged = expected/, 'all_that_match'],
  ['an incomplete answer is returned', /(?<=elsif all_that_match then\s+return )null/, 'found'],
  ['nothing is left to an exact search', /all_that_match and path is null/, 'false'],
  ['candidates are not the nearest', /order by (s\.embedding operator\(public\.<=>\) \$1) limit/, 'limit'],
  ['candidates that match are not the nearest', /order by \(s\.embedding[^)]*\) \$1\) \+ 0, s\.id/, ''],
  ['hnsw.ef_search is what it is by default', /perform set_config\('hnsw\.ef_search'[^;]*;/, ''],
  ['hnsw.ef_search stays on the session', /(set_config\('hnsw\.ef_search', ef::text), true\)/, '$1, false)'],
  ['a hundred are sought by the ef of ten', /then entry\.ef_100/, 'then entry.ef_10'],
  ['more are sought by the ef of a hundred', /ceil\(entry\.ef_100 \* depth \/ 100\)/, 'entry.ef_100'],
  ['it is asked once', /attempt = 3/, 'attempt = 1'],
]);

const searching = within(/\.search_documents\(/, [
  ['no tenant is needed', /tenant is not null\s+and /, ''],
  [
    'dimensions are not compared',
    /and public\.vector_dims\(query_vec\) = [^\n]*|public\.vector_dims\(query_vec\) = [^\n]*\n\s+and /,
    '',
  ],
  ['zeros pass', /and query_vec operator\(public\.<=>\) query_vec < 2/, ''],
  ['k may be anything', /and k between 1 and 1000/, ''],
  ['k may be 0', /k between 1/, 'k between 0'],
  ['k may be 1001', /and 1000\b/, 'and 1001'],
  ['the filter is lost', /(?<=path := )ragwall\.filter_path\(filter\)/, 'null'],
  ['what is wrong is not said', /perform ragwall\.refuse_search\([^)]*\)/, 'null'],
  ['no search table is used', /entry\.relation is not null/, 'false'],
  ['what a search table cannot tell is nothing', /found is not null/, 'true'],
  ['both ways answer', /return;/, ''],
]);

const calls = [
  ...within(/write_passage\(/, [
    ['no tenant is required', /ragwall\.require_tenant\(\)/, 'ragwall.current_tenant()'],
    ['a passage without a model is taken', /new\.embedding_model is null/, 'false'],
    ['the key of a passage may change', /\(new\.id, .*\) is distinct from \(old\.id, .*\)/, 'false'],
    ['what another session wrote is lost', /and \(d\.content, .*\) = \(old\.content, .*\)\s+and .* old\.embedding/, ''],
    ['another source takes the id', /\(excluded\.source is null or .*\)\s+and /, ''],
    ['what is not deleted is returned', /(delete_documents\(array\[old\.id\]\)) = 0/, '$1 < 0'],
  ]),
  ...within(/set_tenant_from_request\(/, [
    ['roles without rights are bound', /not has_schema_privilege\('ragwall', 'usage'\)/, 'false'],
    ['claims count in signed mode', /trusting := .*;/, 'trusting := true;'],
    ['what the parser says is quoted', /data_exception or program_limit_exceeded/, 'division_by_zero'],
    ['claims may be anything', /jsonb_typeof\(request\) <> 'object'/, 'false'],
    ['any scheme is a bearer', /\^bearer/, '^\\w+'],
    ['bearer in capitals is none', /\(\?i\)/, ''],
    ['a claim that is null names a tenant', / or claim = 'null'/, ''],
    ['a claim may be a number', /jsonb_typeof\(claim\) <> 'string'/, 'false'],
    ['the claim is a fixed one', /request #> path/, "request -> 'tenant_id'"],
  ]),
  ...within(/begin_migration\(/, [['any migration is the next', /number is distinct from applied \+ 1/, 'false']]),
  ...within(/match_passages\(/, [
    ['k may be less than 1', /match_count >= 1 and /, ''],
    ['k may be more than 1000', /match_count <= 1000 and /, ''],
    ['k is rounded', / and match_count = trunc\(match_count\)/, ''],
    ['the filter is lost', /\bfilter(?=\s+\) as m)/, 'null::jsonb'],
  ]),
  ...within(/agent_match_documents\(|search_as\(|search_with_token\(/, [
    ['the filter is lost', /\bfilter(?=\) as m)/, 'null::jsonb'],
  ]),
  ...within(/agent_match_documents\(|agent_document\(/, [
    ['it runs under explain', /current_query\(\) ~\* 'explain'/, 'false'],
  ]),
  ...within(/search_as\(/, [['it does not bind', /perform ragwall\.set_tenant\(tenant\);/, '']]),
  ...within(/search_with_token\(/, [
    ['it does not bind', /perform ragwall\.set_tenant_from_token\(token\);/, ''],
    ['it takes the token for a name', /set_tenant_from_token\(token\)/, 'set_tenant(left(token, 128))'],
  ]),
  ...within(/refuse_search\(/, [['no tenant is needed', /perform ragwall\.require_tenant\(\);/, '']]),
];

const writing = [
  ...within(/delete_documents\(/, [['the ids do not matter', /and d\.id = any \(ids\)/, '']]),
  ...within(/delete_source\(/, [
    ['the source does not matter', /and d\.source = delete_source\.source/, ''],
    ['the position does not matter', /and d\.position >= from_position/, ''],
  ]),
  ...within(/delete_matching\(/, [
    ['the filter does not matter', /and d\.metadata @\? path/, ''],
    ['an empty filter is taken', / or filter = '\{\}'/, ''],
  ]),
  ...within(/upsert_documents\(/, [
    ['what is unchanged is written', /and c\.unchanged is not true/, ''],
    ['a document that is known by now is an error', /on conflict do nothing/, ''],
  ]),
  ...within(/document_id\(/, [
    ['it does not depend on the tenant', /convert_to\(tenant, 'UTF8'\)/, "'\\x'"],
    ['it does not depend on the source', /convert_to\(source, 'UTF8'\)/, "'\\x'"],
    ['it does not depend on the position', /int4send\("position"\)/, "'\\x'"],
    ['tenant and source run together', /int4send\(octet_length\(tenant\)\)/, "'\\x'"],
  ]),
  ...within(/forget_statistics\(/, [['one column keeps its statistics', /attnum > 0/, 'attnum > 1']]),
];

export const documentRules: readonly Rule[] = [...anySearch, ...searchTable, ...searching, ...calls, ...writing];
