/** What the probe has to know of a database: its tenants' tables, who uses them, and how they tell who is asking. */
import type { TransactionSql } from 'postgres';

/** A table that has a tenant column; a partition counts as part of its root. */
export interface TenantTable {
  readonly oid: number;
  /** Qualified and quoted. */
  readonly name: string;
  readonly tenantColumn: string;
  /** Settings that its policies read, or functions that these call. */
  readonly settings: readonly string[];
  /** Whether its policies ask ragwall.current_tenant(). */
  readonly byRagwall: boolean;
}

/** A function that searches by a vector, with its arguments as SQL, the vector being `$1`. */
export interface Search {
  readonly name: string;
  readonly args: string;
}

export interface Surroundings {
  readonly superuser: boolean;
  readonly readOnly: boolean;
  readonly tables: readonly TenantTable[];
  /** Roles that are to be tried. */
  readonly roles: readonly string[];
  /** Of the roles asked for, those that there are not. */
  readonly missing: readonly string[];
  readonly searches: readonly Search[];
}

/** As db/audit.sql takes them. */
const tenantColumns =
  'tenant_id,tenant,tenant_uuid,tenantId,org_id,organization_id,organisation_id,orgId,organizationId,workspace_id,workspaceId';

/** Returns what there is to probe: columns and roles as asked for, else as the settings say, else as found. */
export async function lookAround(
  tx: TransactionSql,
  asked: { readonly tenantColumns?: readonly string[]; readonly appRoles?: readonly string[] },
): Promise<Surroundings> {
  const columns = asked.tenantColumns?.length ? asked.tenantColumns.join(',') : null;
  const roles = asked.appRoles?.length ? asked.appRoles.join(',') : null;
  const [row] = await tx<(Omit<Surroundings, 'searches'> & { searches: SearchFunction[] })[]>`
    with recursive
    setting as materialized (
      select
        string_to_array(coalesce(
          ${columns}::text, nullif(current_setting('ragwall.tenant_columns', true), ''), ${tenantColumns}
        ), ',') as tenant_columns,
        string_to_array(
          coalesce(${roles}::text, nullif(current_setting('ragwall.app_roles', true), '')), ','
        ) as app_roles
    ),
    tenant_table as materialized (
      select distinct on (c.oid) c.oid, c.relowner, c.relacl, c.relnamespace, format('%I.%I', n.nspname, c.relname) as name, a.attname
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      cross join setting as s
      where c.relkind in ('r', 'p')
        and not c.relispartition
        and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema')
        and a.attname = any (s.tenant_columns)
      order by c.oid, array_position(s.tenant_columns, a.attname::text)
    ),
    called as (
      select p.polrelid, f.oid, f.proname, f.pronamespace,
        f.prosrc || coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), '') as body
      from pg_catalog.pg_policy as p
      join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
        and d.refclassid = 'pg_catalog.pg_proc'::regclass
      join pg_catalog.pg_proc as f on f.oid = d.refobjid
    ),
    source as (
      select p.polrelid, e.text
      from pg_catalog.pg_policy as p
      cross join lateral (
        values (pg_catalog.pg_get_expr(p.polqual, p.polrelid)), (pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
      ) as e (text)
      union all
      select c.polrelid, c.body from called as c
    ),
    read as (
      select distinct s.polrelid, m[1] as setting
      from source as s
      cross join lateral regexp_matches(s.text, 'current_setting\\s*\\(\\s*''([^'']+\\.[^'']+)''', 'g') as m
    ),
    search as materialized (
      select f.oid, f.proacl, f.proowner, f.pronamespace, format('%I.%I', n.nspname, f.proname) as name, f.pronargs, f.pronargdefaults,
        f.proargtypes
      from pg_catalog.pg_proc as f
      join pg_catalog.pg_namespace as n on n.oid = f.pronamespace
      where f.proname ~ 'match_documents$' and f.proretset
    ),
    grantee as (
      select a.grantee from tenant_table as t cross join lateral pg_catalog.aclexplode(t.relacl) as a
      where a.grantee <> t.relowner
      union
      select a.grantee from tenant_table as t
      join pg_catalog.pg_attribute as c on c.attrelid = t.oid
      cross join lateral pg_catalog.aclexplode(c.attacl) as a
      where a.grantee <> t.relowner
      union
      select a.grantee from search as f cross join lateral pg_catalog.aclexplode(f.proacl) as a
      where a.grantee <> f.proowner
        and f.pronamespace in (select t.relnamespace from tenant_table as t)
        and a.grantee not in (select t.relowner from tenant_table as t)
    ),
    member as (
      select g.grantee as oid from grantee as g
      union
      select m.member
      from member as x
      join pg_catalog.pg_auth_members as m on m.roleid = x.oid
      where coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
        or coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
    )
    select current_setting('is_superuser') = 'on' as superuser, 
      current_setting('transaction_read_only') = 'on' as "readOnly",
      (
        select coalesce(json_agg(json_build_object(
          'oid', t.oid::bigint, 'name', t.name, 'tenantColumn', t.attname,
          'settings', (select coalesce(json_agg(r.setting order by r.setting), '[]') from read as r where r.polrelid = t.oid),
          'byRagwall', exists (
            select from called as c
            where c.polrelid = t.oid
              and c.pronamespace = to_regnamespace('ragwall')
              and c.proname in ('current_tenant', 'require_tenant')
          )
        ) order by t.name), '[]')
        from tenant_table as t
      ) as tables,
      (
        select coalesce(json_agg(r.rolname order by r.rolname), '[]')
        from pg_catalog.pg_roles as r, setting as s
        where case when s.app_roles is null
          then r.oid in (select m.oid from member as m) and r.oid <> 10 and r.rolname !~ '^pg_'
          else r.rolname = any (s.app_roles)
        end
      ) as roles,
      (
        select coalesce(json_agg(w.name), '[]')
        from setting as s cross join lateral unnest(s.app_roles) as w (name)
        where not exists (select from pg_catalog.pg_roles as r where r.rolname = w.name)
      ) as missing,
      (
        select coalesce(json_agg(json_build_object('name', f.name, 'needed', f.pronargs - f.pronargdefaults, 'types', (
          select json_agg(pg_catalog.format_type(y.type, null) order by y.n)
          from unnest(f.proargtypes) with ordinality as y (type, n)
        )) order by f.name, f.oid), '[]')
        from search as f
      ) as searches`;
  if (!row) throw new Error('a row was expected');
  return { ...row, searches: row.searches.flatMap(callable) };
}

interface SearchFunction {
  readonly name: string;
  /** How many arguments have no default. */
  readonly needed: number;
  readonly types: readonly string[] | null;
}

/** How a search is called, if it begins with a vector and its other arguments are numbers and filters. */
function callable({ name, needed, types }: SearchFunction): Search[] {
  const [vector = '', ...others] = types ?? [];
  if (!/\b(half|sparse)?vec(tor)?$/.test(vector)) return [];
  const whole = others.some((type) => /^(small|big)?int/.test(type));
  const args = others.map((type) => {
    if (/^(small|big)?int/.test(type)) return `10::${type}`;
    // How many, or beside a number that says so a threshold.
    if (/^(double|real|numeric)/.test(type)) return `${whole ? 0 : 10}::${type}`;
    return /^jsonb?$/.test(type) ? `'{}'::${type}` : undefined;
  });
  const unknown = args.indexOf(undefined);
  if (unknown >= 0 && unknown + 1 < needed) return [];
  const given = unknown < 0 ? args : args.slice(0, unknown);
  return [{ name, args: [`$1::text::${vector}`, ...given].join(', ') }];
}
