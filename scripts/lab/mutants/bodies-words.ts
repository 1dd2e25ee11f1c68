/** Breaks of filters, words and hybrid search. */
import { type Rule, within } from './bodies-rule.js';

const filters = [
  ...within(/\.field_condition\(/, [
    ['a list in a list is looked into', /\(@\.type\(\) != "array" && \(/, '(true == true && ('],
    ['a list of one is enough for any', /array\[item \|\| '\.type\(\) == "array"'\] \|\| /, ''],
    ['unknown operators pass', /not key = any \('\{\$eq[^']*'\)/, 'false'],
    ['ne is eq', /key in \('\$ne', '\$nin', '\$not'\)/, "key in ('$nin', '$not')"],
    ['not is nothing', /'\$nin', '\$not'\)/, "'$nin')"],
    ['nothing is everything', /'1 == 0'/, "'1 == 1'"],
    ['what must not exist may', / or key = '\$exists' and value = 'false'/, ''],
    ['bounds are left out', /if bounds <> '\{\}' then/, 'if false then'],
    ['keys are not quoted', /to_jsonb\(field\)::text/, 'field'],
    ['between has one end', / && @ <= %s', value -> 0, value -> 1/, "', value -> 0"],
  ]),
  ...within(/\.filter_condition\(/, [
    ['or is and', /when '\$and' then ' && ' else ' \|\| ' end/, "when '$and' then ' && ' else ' && ' end"],
    ['not is nothing', /\('!\(' \|\| /, "('(' || "],
    ['depth has no end', /level > 8/, 'false'],
  ]),
  ...within(/\.filter_path\(/, [['length has no end', /octet_length\(filter::text\) > 65536/, 'false']]),
  ...within(/\.range_condition\(/, [
    ['lists are not looked into', / or ragwall_search\.range_key\(s\.metadata -> %L\) collate "C" = %L/, ''],
    ['fields without an index count', /key <> all \(fields\) or /, ''],
  ]),
];

const words = [
  ...within(/\.best_by_words\(/, [
    ['words are searched before all have them', /where s\.filled/, 'where true'],
    ['the filter is not applied', /and \(path is null or exists[\s\S]*?\)\)/, ''],
    ['the filter is not applied to candidates', /' and s\.metadata @\? \$4' \|\| /, "'' || "],
    ['the filter is not applied to what has changed', /and \(tail = '\{\}' or path is null or exists[\s\S]*?\)\)/, ''],
    ['k does not limit', /limit k(?=\s)/, ''],
    ['the tail is ignored', / union select unnest\(tail\)/, ''],
    ['rare words alone are looked for', /exit when enough = few;/, 'exit;'],
    ['no word at all is found, too', /w\.score > 0/, 'w.score >= 0'],
    ['words of another configuration count', /and w\.version = settings\.version/, ''],
    ['the worst come first', /order by w\.score desc/, 'order by w.score'],
  ]),
  ...within(/\.question_words\(/, [
    ['words of another configuration count', /and w\.version = settings\.version/, ''],
    ['every word counts the same', /ln\(1 \+ [^:]*(?=::numeric)/, '1'],
  ]),
  ...within(/\.match_hybrid\(/, [
    ['candidates of vectors are left out', /select unnest\(ids\) union /, ''],
    ['candidates of words are left out', / union select unnest\(by_words\.ids\)/, ''],
    ['the weight is the other way round', /weight \* coalesce/, '(1 - weight) * coalesce'],
    ['the weight may be anything', /\(weight between 0 and 1\) is not true/, 'false'],
    ['k does not limit', /limit match_hybrid\.k/, ''],
    ['the filter is lost', /match_hybrid\.filter(?=\s*\) as m)/, 'null'],
    ['the filter of words is lost', /(?<=50\), )match_hybrid\.filter/, 'null'],
  ]),
  ...within(/\.search_words\(/, [
    ['the filter is lost', /search_words\.filter/, 'null'],
    ['the worst come first', /order by r\.words desc/, 'order by r.words'],
  ]),
  ...within(/agent_match_hybrid\(/, [
    ['it runs under explain', /current_query\(\) ~\* 'explain'/, 'false'],
    ['the filter is lost', /\bfilter(?=\) as m)/, 'null::jsonb'],
  ]),
  ...within(/keep_words\(/, [
    ['words of what is deleted stay', /delete from ragwall_search\.words[^;]*;/, ''],
    ['words of what is written are not kept', /tg_op <> 'DELETE'/, 'false'],
    ['words of what changes stay', /do update\s+set [^;]*(?=;)/, 'do nothing'],
    ['the tenant stays bound', /perform ragwall_search\.bind_back\(bound\);/, ''],
  ]),
  ...within(/\.bind\(text\)|\.bind\(tenant/, [['it does not bind', /, ragwall\.set_tenant\(tenant\)/, '']]),
  ...within(/fill_words\(/, [
    ['what has words is counted again', /and w\.version is distinct from settings\.version/, ''],
    ['most does not limit', /limit most/, ''],
  ]),
  ...within(/words_filled\(/, [
    ['nobody is waited for', /settings\.horizon is null/, 'false'],
    ['who began before is not waited for', /pg_snapshot_xmin\(pg_current_snapshot\(\)\) < settings\.horizon/, 'false'],
  ]),
  ...within(/words_due\(/, [
    ['what is without words is not looked for', /and w\.version is distinct from settings\.version/, 'and false'],
  ]),
  ...within(/enable_words\(/, [
    ['what is enabled stays filled', /filled = false/, 'filled = s.filled'],
    ['words of before count', /version = s\.version \+ 1/, 'version = s.version'],
  ]),
  ...within(/disable_words\(/, [['words stay', /truncate ragwall_search\.words;/, '']]),
  ...within(/words_of\(/, [['16,001 words count', /limit 16000/, 'limit 16001']]),
  ...within(/with_bigrams\(/, [['runs are not cut', /WHEN \(with_bigrams\.content ~ s\.run\)/, 'WHEN false']]),
];

export const wordRules: readonly Rule[] = [...filters, ...words];
