-- The row-level security of every table: enabled, forced, and these policies.
begin;
select plan(8);

select policies_are(
  'ragwall', 'documents',
  array[
    'tenant_floor', 'select_own_tenant', 'insert_own_tenant', 'update_own_tenant', 'delete_own_tenant'
  ],
  'documents has the floor and one policy for each command'
);

select policy_cmd_is('ragwall', 'documents', 'tenant_floor'::name, 'all', 'the floor is for all commands');

select set_eq(
  $$select policyname::text, permissive, cmd, roles::text[] from pg_policies where schemaname = 'ragwall'$$,
  $$
    values
      ('delete_own_tenant', 'PERMISSIVE', 'DELETE', array['ragwall_owner']),
      ('insert_own_tenant', 'PERMISSIVE', 'INSERT', array['app_user']),
      ('select_own_tenant', 'PERMISSIVE', 'SELECT', array['agent_reader', 'app_reader', 'app_user', 'ragwall_owner']),
      ('tenant_floor', 'RESTRICTIVE', 'ALL', array['public']),
      ('update_own_tenant', 'PERMISSIVE', 'UPDATE', array['app_user', 'ragwall_owner'])
  $$,
  'the floor is restrictive and for everybody; the others are permissive, each for its command and roles'
);

select set_eq(
  $$
    select policyname || ' ' || clause || ': ' || regexp_replace(expression, '\s+', ' ', 'g')
    from pg_policies,
      lateral (values ('using', qual), ('check', with_check)) as c (clause, expression)
    where schemaname = 'ragwall'
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
  'every clause compares the bare column with the sealed tenant, which is computed once a statement'
);

select is_empty(
  $$
    select policyname
    from pg_policies as p
    where p.schemaname = 'ragwall'
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
    where c.relnamespace = 'ragwall'::regnamespace
      and c.relkind in ('r', 'p')
      and not (c.relrowsecurity and c.relforcerowsecurity)
  $$,
  'row-level security is enabled and forced on every table and partition [E03b]'
);

select is(
  (select count(*)::integer from pg_inherits where inhparent = 'ragwall.documents'::regclass), 32,
  'documents has 32 partitions'
);

select is_empty(
  $$
    select c.oid::regclass
    from pg_class as c
    where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and c.relnamespace <> 'ragwall'::regnamespace
      and exists (
        select from pg_attribute as a
        where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      )
  $$,
  'no relation outside the schema holds rows of tenants'
);

select * from finish();
rollback;
