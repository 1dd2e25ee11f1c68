/** Breaks of the protection of users' tables: who keeps what, which floor, which keys and indexes are refused. */
import { type Rule, within } from './bodies-rule.js';

export const protectionRules: readonly Rule[] = [
  ...within(/\.safe_privileges\(/, [
    ['the tenant column can be updated', /or h\.privilege = 'INSERT' and name_tenant/, 'or true'],
    ['the tenant can be named against the argument', /'INSERT' and name_tenant/, "'INSERT'"],
    ['system columns stay readable', /a\.attnum > 0/, 'a.attnum <> 0'],
    ['DELETE stays against the argument', /and allow_delete/, ''],
    ['a column opens all', /a\.attname = coalesce\(h\.column_name, a\.attname\)/, 'true'],
    ['a former owner loses all', /where c\.oid = target\s+and not pg_has_role/, 'where false and not pg_has_role'],
  ]),
  ...within(/\.grant_plan\(/, [['nothing is revoked', /select 30,[\s\S]*?union all/, '']]),
  ...within(/\.protection_plan\(/, [
    ['row-level security is not forced', /, force row level security/, ''],
    ['the floor costs an operator', /\(json_object\([\s\S]*? is not null/, '%2$I = (select %1$s)'],
    ['the floor is permissive', /'restrictive', 'all'/, "'permissive', 'all'"],
  ]),
  ...within(/\.pinned_columns\(/, [
    ['any operator is equality', /:opno \(\?:%s\)/, ':opno (?:%s|\\d+)'],
    ['OR is AND', /:boolop and/, ':boolop \\w+'],
    ['other nodes are looked through', /'\\\{\[\^\{\}\]\*\\\}', 'X'/, "'\\{[^{}<>]*(<P\\d+>)?[^{}]*\\}', '\\1'"],
  ]),
  ...within(/\.index_findings\(/, [['exclusions may compare tenants', / or i\.indisexclusion and s\.refused/, '']]),
  ...within(/\.tenant_column_of\(/, [
    [
      'the key of the table of tenants names any tenant',
      /and not exists \(\s+select\s+from pg_index/,
      'and exists (select from pg_index',
    ],
  ]),
  ...within(/\.composite_foreign_keys\(/, [
    ['a deletion sets the tenant to null', /'ON DELETE SET \(NULL\|DEFAULT\)/, "'never (NULL|DEFAULT)"],
    ['a key from tenant to tenant is refused', /u\.n = near\.tenant and u\.f = far\.tenant/, 'false'],
  ]),
  ...within(/\.restoration\(/, [
    ['the owner is not restored', /select 30, 'the owner'[\s\S]*?union all/, ''],
    ['privileges are not restored', /left join pg_roles as r on r\.oid = h\.grantee/, '$& where false'],
  ]),
];
