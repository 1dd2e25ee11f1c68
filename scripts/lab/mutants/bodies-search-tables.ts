/** Breaks of the search tables: what is noted, how they are brought up to date, built, measured and dropped, and when. */
import { type Rule, within } from './bodies-rule.js';

const isLarge = /exists \(select from ragwall_search\.directory as s where s\.tenant_id = tenant\)/;
const ofTail = 'from ragwall_search\\.tail as t';
const dropsPrevious = /if entry\.previous is not null then\s+execute[^;]*;\s+end if;/;

export const searchTableRules: readonly Rule[] = [
  ...within(/note_change\(/, [
    ['nothing is noted of a transaction that may not see the directory', /current_setting[^\n]*\s+or (?=exists)/, ''],
    ['nothing is noted of a large tenant', isLarge, 'false'],
    ['changes of small tenants are noted', isLarge, 'true'],
    [
      'a deletion is of no tenant',
      /case tg_op when 'DELETE' then old\.tenant_id else new\.tenant_id end/,
      'new.tenant_id',
    ],
    ['a deletion is of no document', /case tg_op when 'DELETE' then old\.id else new\.id end/, 'new.id'],
    ['the old key is not noted', /if tg_op = 'UPDATE'[^;]*? then/, 'if false then'],
    ['every update changes the key', /\(old\.tenant_id, old\.id\) <> \(new\.tenant_id, new\.id\)/, 'true'],
  ]),
  ...within(/catch_up\(/, [
    [
      'what leaves the tail is not applied',
      /execute format\([\s\S]*?using taken, tenant, entry\.words_version;/,
      'null;',
    ],
    ['what is applied stays in the tail', /delete from ragwall_search\.tail[^;]*;/, ''],
    ['all of the tail leaves it', /and t\.id = any \(taken\)/, ''],
    ['new words do not come in', / or s\.terms is distinct from excluded\.terms or [^']*/, ''],
    ['it takes as many as there are', /limit most/, ''],
    ['what was deleted stays', /and w\.embedding is null/, 'and false'],
    ['what is new does not come in', /where w\.embedding is not null/, 'where false'],
    [
      'what has changed does not come in',
      /on conflict \(id\) do update[\s\S]*?\) excluded\.words(?=')/,
      'on conflict do nothing',
    ],
    ['a new embedding does not come in', /s\.embedding operator\(public\.<>\) excluded\.embedding or /, ''],
    ['new metadata do not come in', / or s\.metadata <> excluded\.metadata/, ''],
    ['two sessions are at it', /for update skip locked/, ''],
    ['it waits for another session', /for update skip locked/, 'for update'],
    ['a table that is gone is an error', /or to_regclass[\s\S]*? is null(?= then)/, ''],
    ['what was applied is not counted', /s\.applied \+ cardinality\(taken\)/, 's.applied'],
  ]),
  ...within(/(build|measure|drop)_search_table\(/, [
    ['the directory is not locked', /(?<=where s\.tenant_id = tenant) for update/, ''],
    ['the table before it stays', dropsPrevious, ''],
    ['its changes stay in the tail', new RegExp(`delete ${ofTail} where t\\.tenant_id = tenant;`), ''],
  ]),
  ...within(/build_search_table\(/, [
    ['it waits for no transaction', /while pg_snapshot_xmin[\s\S]*?end loop;/, ''],
    [
      'it waits for older transactions than it has to',
      /(?<=until constant xid8 := )pg_snapshot_xmax/,
      'pg_snapshot_xmin',
    ],
    ['its name tells the tenant', /replace\(gen_random_uuid\(\)::text, '-', ''\)/, 'md5(tenant)'],
    ['the application reads it', /to ragwall_search'(?=, fresh)/, "to ragwall_search, app_user'"],
    ['everybody reads it', /to ragwall_search'(?=, fresh)/, "to public'"],
    ['nobody reads it', /execute format\('grant select[^;]*;/, ''],
    ['it has statistics', /perform ragwall\.forget_statistics\([^;]*;/, ''],
    ['it has no key', /execute format\('alter table ragwall_search\.%I add primary key[^;]*;/, ''],
    [
      'it has no HNSW index',
      /(?<=perform set_config\('maintenance_work_mem'[^;]*;\s+)execute format\([^;]*using hnsw[^;]*;/,
      '',
    ],
    ['it has no index of the metadata', /execute format\('create index [^;]*using gin[^;]*;/, ''],
    ['CVE-2026-3172 is forgotten', /if \(select string_to_array[\s\S]*? then/, 'if false then'],
    ['the table before it is forgotten', /(?<=previous = )entry\.relation/, 'null'],
    ['it has no words', /version := \(select [^;]*;/, ''],
    ['words have no index', /execute format\('create index on ragwall_search\.%I using gin \(terms\)', fresh\);/, ''],
    ['it has no ranges', /indexed := [^;]*;/, ''],
  ]),
  ...within(/ragwall_search\.measure\(/, [
    ['any recall will do', />= enough/, '>= 0'],
    ['what is as near does not count', /d <= last_10\[q\]/, 'd < last_10[q]'],
    ['small tables have no use for an index', /documents >= 1000 and /, ''],
    ['an index is used that costs more than it is worth', /exit when [^;]*;/, ''],
    ['every ef is the default', /perform set_config\('hnsw\.ef_search'[^;]*;/, ''],
  ]),
  ...within(/measure_search_table\(/, [['it is due again at once', /\(s\.applied, measured/, '(s.measured, measured']]),
  ...within(/drop_search_table\(/, [
    ['it is never out of use', /entry\.relation is not null and entry\.previous is null/, 'false'],
    ['the tenant stays in the directory', /delete from ragwall_search\.directory[^;]*;/, ''],
  ]),
  ...within(/note_stored\(/, [['no tenant is noted', /insert into ragwall_search\.stored[^;]*;/, '']]),
  ...within(/(entries|has_documents|words_due)\(/, [
    ['the tenant that was bound stays unbound', /perform ragwall_search\.bind_back\(bound\);/, ''],
  ]),
  ...within(/index_plan\(/, [
    ['small tenants are due', /ragwall_search\.has_documents\(candidate, large\)/, 'true'],
    ['a search table is never dropped', /not ragwall_search\.has_documents\(entry\.tenant_id, large \/ 2\)/, 'false'],
    ['one that was replaced stays', /if entry\.previous is not null and[^;]*? then/, 'if false then'],
    ['one that was replaced goes at once', /and entry\.built_at < clock_timestamp\(\) - interval '1 minute'/, ''],
    ['none is brought up to date', /elsif entry\.due = 'catch up' then/, "elsif entry.due = 'catch up' and false then"],
    ['none is built anew, or measured', /elsif entry\.due is not null then/, 'elsif false then'],
    ['tenants are registered, and no more', /return query\s+select format\(step, u\.tenant_id[^;]*;/, ''],
    [
      'what was noted for small tenants stays',
      /if exists \(\s+select from ragwall_search\.tail[\s\S]*? then/,
      'if false then',
    ],
    ['names are not quoted', /set_tenant\(%L\)/, "set_tenant(''%s'')"],
  ]),
];
