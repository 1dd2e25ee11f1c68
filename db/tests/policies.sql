-- The row-level security of every table: enabled, forced, and these policies.
begin;
select plan(12);

select policies_are(
  'ragwall', 'documents',
  array[
    'tenant_floor', 'select_own_tenant', 'insert_own_tenant', 'update_own_tenant', 'delete_own_tenant'
  ],
  'documents has the floor and one policy for each command'
);

select policies_are(
  'ragwall', 'documents_rows', array['tenant_floor', 'select_own_tenant'],
  'the partition has a floor of its own, and one policy for ragwall_search'
);
select policies_are(
  'ragwall_search', relation::name, array['tenant_floor', 'own_tenant'], format('%s has the floor and one policy', relation)
)
from unnest(array['directory', 'tail']) as relation;

select policy_cmd_is('ragwall', 'documents', 'tenant_floor'::name, 'all', 'the floor is for all commands');

select set_eq(
  $$
    select format('%s on %s', policyname, tablename), permissive, cmd, roles::text[]
    from pg_policies
    where schemaname in ('ragwall', 'ragwall_search')
  $$,
  $$
    values
      ('delete_own_tenant on documents', 'PERMISSIVE', 'DELETE', array['ragwall_owner']),
      ('insert_own_tenant on documents', 'PERMISSIVE', 'INSERT', array['app_user']),
      ('select_own_tenant on documents', 'PERMISSIVE', 'SELECT',
        array['agent_reader', 'app_reader', 'app_user', 'ragwall_owner']),
      ('tenant_floor on documents', 'RESTRICTIVE', 'ALL', array['public']),
      ('update_own_tenant on documents', 'PERMISSIVE', 'UPDATE', array['app_user', 'ragwall_owner']),
      ('tenant_floor on documents_rows', 'RESTRICTIVE', 'ALL', array['public']),
      ('select_own_tenant on documents_rows', 'PERMISSIVE', 'SELECT', array['ragwall_search']),
      ('tenant_floor on directory', 'RESTRICTIVE', 'ALL', array['public']),
      ('own_tenant on directory', 'PERMISSIVE', 'ALL', array['app_user', 'ragwall_owner', 'ragwall_search']),
      ('tenant_floor on tail', 'RESTRICTIVE', 'ALL', array['public']),
      ('own_tenant on tail', 'PERMISSIVE', 'ALL', array['app_user', 'ragwall_owner', 'ragwall_search']),
      ('tenant_floor on words', 'RESTRICTIVE', 'ALL', array['public']),
      ('own_tenant on words', 'PERMISSIVE', 'ALL', array['ragwall_owner', 'ragwall_search']),
      ('tenant_floor on vocabulary', 'RESTRICTIVE', 'ALL', array['public']),
      ('own_tenant on vocabulary', 'PERMISSIVE', 'ALL', array['ragwall_owner', 'ragwall_search']),
      ('tenant_floor on stored', 'RESTRICTIVE', 'ALL', array['public'])
  $$,
  'the floor is restrictive and for everybody; the others are permissive, each for its command and roles'
);

select set_eq(
  $$
    select policyname || ' ' || clause || ': ' || regexp_replace(expression, '\s+', ' ', 'g')
    from pg_policies,
      lateral (values ('using', qual), ('check', with_check)) as c (clause, expression)
    where schemaname = 'ragwall'
      and tablename = 'documents'
      and expression is not null
  $$,
  array[
    'tenant_floor using: ((( SELECT jsonb_build_object(COALESCE(ragwall.current_tenant(), ''''::text), true) '
      || 'AS jsonb_build_object))[tenant_id] IS NOT NULL)',
    'tenant_floor check: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))',
    'select_own_tenant using: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))',
    'insert_own_tenant check: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))',
    'update_own_tenant using: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))',
    'update_own_tenant check: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))',
    'delete_own_tenant using: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))'
  ],
  'every clause on documents compares the bare column with the sealed tenant, which is computed once a statement'
);

-- No condition of a caller's gets into statements on documents_rows and tail, so their floors may be "=".
select set_eq(
  $$
    select tablename || ' ' || policyname || ' ' || clause || ': ' || regexp_replace(expression, '\s+', ' ', 'g')
    from pg_policies,
      lateral (values ('using', qual), ('check', with_check)) as c (clause, expression)
    where schemaname in ('ragwall', 'ragwall_search')
      and tablename <> 'documents'
      and expression is not null
  $$,
  $$
    select relation || ' ' || policy || ' ' || clause || ': ' || expression
    from
      unnest(array['documents_rows', 'directory', 'tail', 'words', 'vocabulary', 'stored']) as relation,
      unnest(array['using', 'check']) as clause,
      lateral (
        values
          (
            'tenant_floor', case when relation = 'directory' and clause = 'using' then
              '((( SELECT jsonb_build_object(COALESCE(ragwall.current_tenant(), ''''::text), true) AS jsonb_build_object)'
                || ')[tenant_id] IS NOT NULL)'
            else '(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))' end
          ),
          (
            case relation when 'documents_rows' then 'select_own_tenant' else 'own_tenant' end,
            '(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))'
          )
      ) as p (policy, expression)
    where not (policy = 'select_own_tenant' and clause = 'check')
      and not (policy = 'own_tenant' and relation = 'stored')
  $$,
  'the floors beneath compare with the sealed tenant, and the policies under them with the setting'
);

select is_empty(
  $$
    select policyname
    from pg_policies as p
    where p.schemaname in ('ragwall', 'ragwall_search')
      and obj_description(
        (
          select pol.oid
          from pg_policy as pol
          where pol.polname = p.policyname
            and pol.polrelid = format('%I.%I', p.schemaname, p.tablename)::regclass
        ),
        'pg_policy'
      ) is null
  $$,
  'every policy has a comment'
);

select is_empty(
  $$
    select c.oid::regclass
    from pg_class as c
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace)
      and c.relkind in ('r', 'p')
      and not (c.relrowsecurity and c.relforcerowsecurity)
      -- Has nothing of tenants. Its owner keeps what unprotect_table() restores there.
      and not (c.oid = 'ragwall.unprotection'::regclass and c.relrowsecurity)
      -- Has nothing of tenants. Applications read which claim names the tenant, and its owner writes it.
      and c.oid <> 'ragwall.tenant_claim'::regclass
      -- Have nothing of tenants. Their owner writes them, and nobody but searches reads them.
      and c.oid not in ('ragwall_search.filter_fields'::regclass, 'ragwall_search.word_settings'::regclass)
      -- Which tenants there are: members of ragwall_owner read it, and nobody else.
      and not (c.oid = 'ragwall_search.stored'::regclass and c.relrowsecurity)
  $$,
  'row-level security is enabled and forced on every table and partition [E03b]'
);

select set_eq(
  $$select inhrelid::regclass::text from pg_inherits where inhparent = 'ragwall.documents'::regclass$$,
  array['ragwall.documents_rows'], 'documents has one partition'
);

select is_empty(
  $$
    select c.oid::regclass
    from pg_class as c
    where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and c.relnamespace not in ('ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace)
      and exists (
        select from pg_attribute as a
        where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      )
  $$,
  'no relation outside the two schemas holds rows of tenants'
);

select * from finish();
rollback;
