/** Breaks of search, ingest, deletion and maintenance. */
import { type Rule, within } from './bodies-rule.js';

export const documentRules: readonly Rule[] = [
  ...within(/match_documents\(|search_graph\(/, [
    ['k does not limit', /limit (k|least\(k, 1000\))(?=\s)/, ''],
    ['the filter is not applied', /and \(filter is null or [^)]*\)/, ''],
    ['the farthest come first', /order by similarity desc/, 'order by similarity'],
    ['ties come the other way round', /(?<=order by similarity desc), d\.id/, ', d.id desc'],
    ['similarity is distance', /\b1 - (?=f\.|\()/, ''],
    ['a graph that finds too few is believed', /cardinality\(found\) = k/, 'true'],
    ['a graph that is not valid is used', /graph is not null and \([^)]*\)/, 'graph is not null'],
    ['k may be less than 1', /\(match_documents\.match_count >= [^)]*\)[^)]*\)/, 'true'],
    ['k may be more than 1000', /\(match_documents\.match_count <= [^)]*\)[^)]*\)/, 'true'],
    ['k is rounded', /\(match_documents\.match_count = trunc[^)]*\)\)/, 'true'],
    ['the filter is lost', /\b(agent_)?match_documents\.filter(?=\) m)/, 'NULL::jsonb'],
  ]),
  ...within(/agent_match_documents\(/, [['it runs under explain', /current_query\(\) ~\* 'explain'/, 'false']]),
  ...within(/delete_documents\(/, [['the ids do not matter', /and d\.id = any \(ids\)/, '']]),
  ...within(/delete_source\(/, [
    ['the source does not matter', /and d\.source = delete_source\.source/, ''],
    ['the position does not matter', /and d\.position >= from_position/, ''],
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
  ...within(/graph_name\(/, [
    ['it tells the tenant', /encode\(sha256\([\s\S]*'hex'\)/, 'tenant'],
    ['it is one for all', /'graph ' \|\| tenant/, "'graph'"],
    ['anybody can compute it', /(outer|inner)_key(?= \|\|)/, "'\\x'::bytea"],
    ['it is told of any tenant', /tenant = ragwall\.current_tenant\(\)/, 'true'],
    ['it is told to everybody', /pg_has_role\(session_user[^)]*\)/, 'true'],
  ]),
  ...within(/index_plan\(/, [
    ['a graph holds all tenants', /tenant_id = %L(?= and ragwall_private|',\n)/, '%L is not null'],
    ['small tenants are due', /counted >= due/, 'true'],
    ['a graph is never dropped', /counted < due \/ 2/, 'false'],
    ['a graph is never rebuilt', /not graph\.valid/, 'false'],
    ['CVE-2026-3172 is forgotten', /if not safe and/, 'if false and'],
  ]),
  ...within(/forget_statistics\(/, [['one column keeps its statistics', /attnum > 0/, 'attnum > 1']]),
];
