-- A user's own table, with awkward names, has the walls of the documents once protect_table() took it over.
begin;
select plan(99);

create schema "a schema";
create table "a schema"."we""ird Table" (
  "Tenant Id" varchar(200),
  "Id" uuid default gen_random_uuid(),
  "a body" text,
  flag boolean default false,
  length integer generated always as (length("a body")) stored,
  number integer generated always as identity,
  counter serial,
  primary key ("Tenant Id", "Id")
);
insert into "a schema"."we""ird Table" ("Tenant Id", "Id", "a body")
select tenant, tests.id(n), tenant || ' secret ' || n
from unnest(array['acme', 'acme-2', 'acm', 'ACME', 'globex', '%', '_', 'public', 'null']) as tenant, generate_series(0, 2) as n;
insert into "a schema"."we""ird Table" ("Tenant Id", "Id", "a body", flag) values ('acme', tests.id(777), 'we buy initech', true);
create index lower on "a schema"."we""ird Table" ("Tenant Id", lower("a body"));
analyze "a schema"."we""ird Table";

create role "an analyst";
grant usage on schema "a schema" to "an analyst", app_user;
grant all on "a schema"."we""ird Table" to public, app_user;
grant select on "a schema"."we""ird Table" to ragwall_owner;
grant all on sequence "a schema"."we""ird Table_counter_seq" to app_user;
grant select ("a body"), select (ctid) on "a schema"."we""ird Table" to "an analyst" with grant option;
set local role "an analyst";
grant select ("a body") on "a schema"."we""ird Table" to app_reader;
reset role;

create function tests.state(target regclass)
  returns setof text
  language sql
begin atomic
  select concat_ws(' ', 'owner', c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity)
  from pg_class as c where c.oid = target
  union all
  select concat_ws(' ', p.polname, p.polpermissive, p.polcmd, p.polroles::regrole[], pg_get_expr(p.polqual, target),
    pg_get_expr(p.polwithcheck, target), obj_description(p.oid, 'pg_policy'))
  from pg_policy as p where p.polrelid = target
  union all
  select concat_ws(' ', a.attname, a.attnotnull, a.attstattarget, pg_get_expr(d.adbin, target))
  from pg_attribute as a left join pg_attrdef as d on d.adrelid = target and d.adnum = a.attnum
  where a.attrelid = target and a.attnum > 0
  union all
  select concat_ws(' ', k.conname, k.convalidated, pg_get_constraintdef(k.oid))
  from pg_constraint as k where k.conrelid = target and k.contype = 'c'
  union all
  select concat_ws(' ', case x.grantee when 0 then 'public' else x.grantee::regrole::text end, lower(x.privilege_type), a.name)
  from (
    select 'on it' as name, c.relacl as acl, c.relowner as owner from pg_class as c where c.oid = target
    union all
    select 'on ' || a.attname, a.attacl, c.relowner
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid where a.attrelid = target
    union all
    select 'on ' || c.relname, c.relacl, c.relowner
    from pg_class as c join pg_depend as d on d.objid = c.oid and d.refobjid = target where c.relkind = 'S'
  ) as a, aclexplode(a.acl) as x
  where x.grantee <> a.owner;
end;
comment on function tests.state(regclass) is 'All of a table that protect_table() may change.';

create table tests.before as select v as line from tests.state('"a schema"."we""ird Table"') as v;
create table tests.plan as
select * from ragwall.protection_plan('"a schema"."we""ird Table"', 'Tenant Id');
create table tests.report as
select * from ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id');
create table tests.protected as select v as line from tests.state('"a schema"."we""ird Table"') as v;

select set_eq(
  $$select distinct replace(step, 'maintain, ', '') from tests.report$$,
  array[
    'a safe owner', 'a way into the schema', 'a tenant in every row', 'row-level security', 'the floor', 'a policy',
    'no estimates of guesses', 'privileges of app_reader', 'privileges of app_user', 'privileges of "an analyst"',
    'privileges of public (loses delete, insert, references, select, trigger, truncate, update)',
    'privileges of app_user (loses references, trigger, truncate)', 'privileges of app_user (loses select, update)',
    'to do: the policies call ragwall.current_tenant(), which "an analyst" may not',
    'to do: app_user may delete, and therefore lock the table for all tenants',
    'to do: the sequence "a schema"."we""ird Table_counter_seq" numbers the rows of all tenants, so that gaps tell how many others add',
    'to do: the sequence "a schema"."we""ird Table_number_seq" numbers the rows of all tenants, so that gaps tell how many others add'
  ],
  'the report says what was done, and what is left to do'
);
select set_eq(
  $$select line from tests.protected where line ~ '^(owner|public|app_|agent_|"an )'$$,
  $$
    select 'owner ragwall_owner t t'
    union all
    select format('app_user select on %s', col)
    from unnest(array['Tenant Id', 'Id', 'a body', 'flag', 'length', 'number', 'counter']) as col
    union all
    select format('app_user %s on %s', privilege, col)
    from unnest(array['insert', 'update']) as privilege, unnest(array['Id', 'a body', 'flag', 'counter']) as col
    union all
    values ('app_user insert on Tenant Id'), ('app_user delete on it'), ('app_user usage on we"ird Table_counter_seq'),
      ('app_reader select on a body'), ('"an analyst" select on a body')
  $$,
  'its owner cannot log in, and roles hold what they held, on columns; nobody gained, and PUBLIC has nothing'
);
select set_eq(
  'select step, statement from tests.plan',
  $$select step, statement from tests.report where step not like 'to do: %'$$,
  'the plan is what is executed'
);
select set_eq(
  $$
    select p.policyname::text, p.permissive, p.cmd,
      regexp_replace(p.qual, '\(?"Tenant Id"\)?(::text)?', 'tenant_id') as qual,
      regexp_replace(p.with_check, '\(?"Tenant Id"\)?(::text)?', 'tenant_id') as with_check,
      null
    from pg_policies as p
    where p.schemaname = 'a schema'
  $$,
  $$
    select p.policyname::text, p.permissive, p.cmd, p.qual, p.with_check,
      null
    from pg_policies as p
    where p.schemaname = 'ragwall' and p.tablename = 'documents'
  $$,
  'the policies of the table are those of the documents'
);
select set_eq(
  $$select policyname || ' ' || array_to_string(array(select unnest(roles)::text order by 1), ', ') from pg_policies where schemaname = 'a schema'$$,
  array[
    'tenant_floor public', 'select_own_tenant an analyst, app_reader, app_user, ragwall_owner', 'insert_own_tenant app_user',
    'update_own_tenant app_user, ragwall_owner', 'delete_own_tenant app_user, ragwall_owner'
  ],
  'the policies are for the roles that hold the privileges, and the owner'
);
select set_eq(
  $$select line from tests.protected where line ~ '^(Tenant Id|is_tenant_id) '$$,
  array['Tenant Id t 0 ragwall.require_tenant()', 'is_tenant_id t CHECK (ragwall.is_tenant_id(("Tenant Id")::text))'],
  'every row has a tenant, which is the one that is bound'
);
select is_empty(
  $$select attname from pg_stats where schemaname = 'a schema'$$, 'no estimate by values is left, nor by an expression'
);
analyze "a schema"."we""ird Table";
-- Before 17 ANALYZE looks at the expressions of indexes, whatever it was told.
select is_empty(
  $$
    select attname from pg_stats
    where schemaname = 'a schema' and (attname <> 'lower' or current_setting('server_version_num')::int >= 170000)
  $$,
  'ANALYZE gathers no estimate by values again'
);

select lives_ok($$select ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id')$$, 'protect_table() can be repeated');
select set_eq(
  $$select * from tests.state('"a schema"."we""ird Table"')$$, 'select line from tests.protected', 'protect_table() changes nothing when it is repeated'
);

-- What is attempted by globex.
create function tests.others()
  returns text
  language sql
  security definer
  return (
    select md5(string_agg(t::text || t.xmax, ' ' order by t."Tenant Id", t."Id")) from "a schema"."we""ird Table" as t
    where t."Tenant Id" <> 'globex'
  );
select from set_config('tests.before', tests.others(), true);
select tests.become('globex');

select is(tests.attack('', attack), answer, label)
from (
  values
    ($$select string_agg("a body", ', ' order by "Id") from "a schema"."we""ird Table"$$,
      'globex secret 0, globex secret 1, globex secret 2', 'the tenant that is bound reads its own rows'),
    ($$select (t).length from "a schema"."we""ird Table" as t where "Id" = tests.id(0)$$, '15', 'the tenant that is bound reads whole rows'),
    ($$select "a body" from "a schema"."we""ird Table" where "Tenant Id" = 'acme'$$, 'nothing', 'the tenant that is bound reads no rows of others'),
    ($$insert into "a schema"."we""ird Table" ("Id", "a body") values (tests.id(777), 'x') returning "Tenant Id"$$, 'globex',
      'a new row is its own, and an id that acme has can be taken'),
    ($$insert into "a schema"."we""ird Table" ("Id", "a body") values (tests.id(0), 'x')
        on conflict ("Tenant Id", "Id") do update set "a body" = excluded."a body" returning "Tenant Id" || ' ' || "a body"$$,
      'globex x', 'an upsert on an id that all have changes its own'),
    ($$insert into "a schema"."we""ird Table" ("Tenant Id") values ('globex') returning "Tenant Id"$$,
      'globex', 'a row may name the tenant that is bound'),
    ($$insert into "a schema"."we""ird Table" ("Tenant Id") values ('acme')$$,
      '42501 new row violates row-level security policy for table "we"ird Table"', 'a row cannot name another tenant'),
    ($$update "a schema"."we""ird Table" set "Tenant Id" = 'acme'$$,
      '42501 permission denied for table we"ird Table', 'nobody can move a row to another tenant'),
    ($$with u as (update "a schema"."we""ird Table" set "a body" = 'x' returning "Tenant Id") select string_agg("Tenant Id", ' ') from u$$,
      'globex globex globex', 'an update of all rows is one of its own'),
    ($$with d as (delete from "a schema"."we""ird Table" returning "Tenant Id") select string_agg("Tenant Id", ' ') from d$$,
      'globex globex globex', 'a deletion of all rows is one of its own'),
    ($$merge into "a schema"."we""ird Table" as t using (values (tests.id(777))) as v (id) on t."Id" = v.id
        when matched then delete when not matched then insert ("Id") values (v.id); select count(*) from "a schema"."we""ird Table"$$,
      '4', 'a merge finds no row of another'),
    ('select ctid from "a schema"."we""ird Table"', '42501 permission denied for table we"ird Table', 'no system column is told'),
    ('truncate "a schema"."we""ird Table"', '42501 permission denied for table we"ird Table', 'nobody can truncate the table'),
    ($$select setval('"a schema"."we""ird Table_counter_seq"', 1)$$,
      '42501 permission denied for sequence we"ird Table_counter_seq', 'nobody can set the sequence of the table'),
    ('create trigger t before insert on "a schema"."we""ird Table" for each row execute function suppress_redundant_updates_trigger()',
      '42501 permission denied for table we"ird Table', 'nobody can put a trigger on the table')
) as a (attack, answer, label);
select is(tests.others(), current_setting('tests.before'), 'no row of another tenant was changed, or locked');

-- One wall at a time, and what would be seen without the next.
select unnest(array[
  is(tests.attack(breach, attack), answer, label),
  alike(tests.attack(breach || ';' || control, attack), seen, 'control: ' || label)
])
from
  (
    values
      ('create policy p on "a schema"."we""ird Table" using (true)', 'the floor holds where a policy lets all rows through',
        'drop policy tenant_floor on "a schema"."we""ird Table"', 'globex', '%acme%',
        $$select string_agg(distinct "Tenant Id", ' ') from "a schema"."we""ird Table"$$),
      ('drop policy tenant_floor on "a schema"."we""ird Table"', 'the policies hold without the floor',
        'alter table "a schema"."we""ird Table" disable row level security', 'globex', '%acme%',
        $$select string_agg(distinct "Tenant Id", ' ') from "a schema"."we""ird Table"$$),
      ('', 'a row of another is refused where it can be named',
        'alter table "a schema"."we""ird Table" disable row level security',
        '42501 new row violates row-level security policy for table "we"ird Table"', 'acme',
        $$insert into "a schema"."we""ird Table" ("Tenant Id") values ('acme') returning "Tenant Id"$$),
      ('grant update ("Tenant Id") on "a schema"."we""ird Table" to app_user', 'a row cannot be moved where its tenant can be named',
        'alter table "a schema"."we""ird Table" disable row level security',
        '42501 new row violates row-level security policy for table "we"ird Table"', 'acme',
        $$update "a schema"."we""ird Table" set "Tenant Id" = 'acme', "Id" = tests.id(9) where "Tenant Id" = 'globex' and "Id" = tests.id(0) returning "Tenant Id"$$),
      ('grant ragwall_owner to app_user', 'the owner of the table is bound by the policies',
        'alter table "a schema"."we""ird Table" no force row level security', 'globex', '%acme%',
        $$set role ragwall_owner; select string_agg(distinct "Tenant Id", ' ') from "a schema"."we""ird Table"$$),
      ('alter table "a schema"."we""ird Table" add late text default ''late''', 'a column that is added later is closed',
        'grant select (late) on "a schema"."we""ird Table" to app_user', '42501 permission denied for table we"ird Table',
        'late', 'select max(late) from "a schema"."we""ird Table"'),
      ($$alter table "a schema"."we""ird Table" add late text default 'late';
          select ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id')$$, 'protect_table() opens no column that was added',
        $$select ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id', readers => '{app_user}')$$,
        '42501 permission denied for table we"ird Table', 'late', 'select max(late) from "a schema"."we""ird Table"'),
      ($$select ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id', name_tenant => false)$$, 'naming the tenant can be declined',
        'grant insert ("Tenant Id") on "a schema"."we""ird Table" to app_user', '42501 permission denied for table we"ird Table', 'globex',
        $$insert into "a schema"."we""ird Table" ("Tenant Id") values ('globex') returning "Tenant Id"$$),
      ($$select ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id', allow_delete => false)$$, 'deletion can be declined',
        'grant delete on "a schema"."we""ird Table" to app_user', '42501 permission denied for table we"ird Table', 'locked',
        'lock table "a schema"."we""ird Table" in access exclusive mode; select ''locked''')
  ) as w (breach, label, control, answer, seen, attack);

select tests.become(null);
select is(tests.attack(breach, attack), answer, label)
from (
  values
    ('', 'select count(*) from "a schema"."we""ird Table"', '0', 'without a tenant there are no rows'),
    ('', 'insert into "a schema"."we""ird Table" ("a body") values (null)', 'RW001 no tenant is bound to this transaction', 'without a tenant no row can be added'),
    ($$insert into "a schema"."we""ird Table" ("Tenant Id") values ('')$$, 'select',
      '23514 new row for relation "we"ird Table" violates check constraint "is_tenant_id"', 'a row of an empty tenant is refused'),
    ($$insert into "a schema"."we""ird Table" ("Tenant Id") values (null)$$, 'select',
      '23502 null value in column "Tenant Id" of relation "we"ird Table" violates not-null constraint', 'a row without a tenant is refused')
) as a (breach, attack, answer, label);

-- The floor, as in planner-oracles.sql.
create function tests.hostile(cost text)
  returns void
  language sql
begin atomic
  select set_config(s, 'off', true) from unnest(array['enable_indexscan', 'enable_bitmapscan', 'enable_indexonlyscan']) as s;
  select from set_config('cpu_operator_cost', cost, true);
end;
select tests.become('globex');
create table tests.guesses as
select format('select 1 from "a schema"."we""ird Table" where %s', guess) as attack
from unnest(array[
  $$"a body" >= 'we buy' and "a body" < 'we c' and counter >= (select 1/(pg_backend_pid()*0))$$,
  $$"Id" >= tests.id(777) and "Id" <= tests.id(777) and counter >= (select 1/(pg_backend_pid()*0))$$,
  $$"Tenant Id" >= 'acme' and "Tenant Id" <= 'acme' and counter >= (select 1/(pg_backend_pid()*0))$$,
  $$case when flag then (array[true])[(select 1/(pg_backend_pid()*0))] end$$
]) as guess;
select is(tests.attack(format('select tests.hostile(%L)', cost), attack), 'nothing', format('operators costing %s: %s', cost, attack))
from tests.guesses, unnest(array['0.0025', '0']) as cost;
select is(
  tests.attack(
    $$select tests.hostile('0.0025');
      alter policy tenant_floor on "a schema"."we""ird Table" using ("Tenant Id" = (select ragwall.current_tenant()))$$,
    attack
  ),
  '22012 division by zero', 'control: a floor that costs an operator tells: ' || attack
)
from tests.guesses;

-- Partitions, of which one comes later.
create foreign data wrapper w;
create server s foreign data wrapper w;
create table tests.parts (tenant_id text, id integer) partition by list (tenant_id);
create index on tests.parts (tenant_id);
create table tests.first partition of tests.parts for values in ('acme') partition by hash (id);
create table tests.second partition of tests.first for values with (modulus 1, remainder 0);
grant all on all tables in schema tests to app_user;
alter event trigger ragwall_close_partitions disable;
select lives_ok($$select ragwall.protect_table('tests.parts')$$, 'a partitioned table can be protected');
select is_empty(
  $$select c.oid::regclass from pg_class as c
    where c.oid in (select m from ragwall.with_partitions('tests.parts') as m) and not (c.relrowsecurity and c.relforcerowsecurity)$$,
  'row-level security is forced on the partitions of a protected table'
);
alter event trigger ragwall_close_partitions enable;
alter default privileges in schema tests grant all on tables to app_user, public;
create table tests.fifth (tenant_id text not null, id integer, constraint is_tenant_id check (ragwall.is_tenant_id(tenant_id)));
alter table tests.parts attach partition tests.fifth for values in ('globex');
create table tests.third partition of tests.parts for values in ('initech') partition by hash (id);
create table tests.fourth partition of tests.third for values with (modulus 1, remainder 0);
insert into tests.parts values ('acme', 1), ('initech', 2), ('globex', 3);
select set_eq(
  $$select c.relname::text from pg_class as c
    where c.oid in (select m from ragwall.with_partitions('tests.parts') as m) and c.relowner = 'ragwall_owner'::regrole$$,
  array['parts', 'first', 'second'], 'partitions get the owner of the table'
);
select is_empty(
  $$select c.oid::regclass, a.* from pg_class as c, aclexplode(c.relacl) as a
    where c.oid in (select m from ragwall.with_partitions('tests.parts') as m where m <> 'tests.parts'::regclass)
      and a.grantee <> c.relowner$$,
  'nobody has a privilege on a partition, of those that came later neither, whatever default privileges say'
);
select is(tests.attack('', 'select string_agg(tenant_id, '' '') from tests.parts'), 'globex', 'rows of partitions are seen through the table');
select unnest(array[
  is(
    tests.attack('grant all on all tables in schema tests to app_user', format('select count(*) from tests.%s', leaf)), '0',
    'a partition that is granted shows nothing by itself: ' || leaf
  ),
  is(
    tests.attack(
      format('grant all on all tables in schema tests to app_user; alter table tests.%s disable row level security', leaf),
      format('select count(*) from tests.%s', leaf)
    ),
    '1', 'control: without row-level security a granted partition shows its rows: ' || leaf
  )
])
from unnest(array['first', 'second', 'third', 'fourth', 'fifth']) as leaf;

select throws_ok(
  'create foreign table tests.sixth partition of tests.parts for values in (''%'') server s', '42809', null,
  'a partition that could have no row-level security cannot be added'
);

-- Whose it is.
create role team;
create role api login;
select is(
  tests.attack(
    breach || '; select ragwall.protect_table(''tests.owned'')',
    'select relowner::regrole from pg_class where oid = ''tests.owned''::regclass'
  ),
  owner, label
)
from
  (
    values
      ('team', 'team', 'an owner who cannot log in stays', ''),
      ('ragwall_owner', 'api', 'an owner who can log in is replaced', ''),
      ('ragwall_owner', 'team', 'an owner whose member the application is, is replaced', 'grant team to app_user'),
      ('ragwall_owner', 'team', 'an owner whose member a login of the application is, is replaced', 'grant app_reader to api; grant team to api'),
      ('team', 'team', 'an owner with other members stays', 'grant team to api'),
      ('ragwall_owner', 'team', 'an owner whom row-level security does not bind is replaced', 'alter role team bypassrls'),
      ('ragwall_owner', 'team', 'a superuser as owner is replaced', 'alter role team superuser')
  ) as o (owner, before, label, change),
  concat('create table tests.owned (tenant_id text primary key); alter table tests.owned owner to ', before, ';', change) as breach;

create table tests.kept (tenant_id text, id integer);
insert into tests.kept select 'acme', n from generate_series(1, 20) as n;
analyze tests.kept;
select lives_ok($$select ragwall.protect_table('tests.kept', keep_statistics => true)$$, 'a table can keep its statistics');
select is(
  (select string_agg(concat_ws(' ', attname, attnotnull, attname in (select p.attname from pg_stats as p where tablename = 'kept')), ', ' order by attnum)
    from pg_attribute where attrelid = 'tests.kept'::regclass and attnum > 0),
  'tenant_id t t, id f t', 'statistics that are kept are there, and every row has a tenant'
);

-- The way back.
select isnt_empty($$select * from ragwall.unprotect_table('"a schema"."we""ird Table"')$$, 'unprotect_table() says what it does');
select set_eq(
  $$select * from tests.state('"a schema"."we""ird Table"')$$, 'select line from tests.before',
  'unprotect_table() restores owner, privileges, default, statistics targets and all else that there was'
);
select is_empty($$select * from ragwall.unprotection where target = '"a schema"."we""ird Table"'::regclass$$, 'nothing is left of what unprotect_table() has to restore');
select ok(not has_schema_privilege('ragwall_owner', 'a schema', 'usage'), 'the way into the schema is closed again');
select throws_ok(
  format('select * from ragwall.unprotect_table(%L)', target), 'RW503',
  format('the table %s was not protected by protect_table()', target), 'unprotect_table() is refused for a table that is not protected: ' || target
)
from unnest(array['"a schema"."we""ird Table"', 'ragwall.documents', 'tests.guesses']) as target;
select lives_ok($$select ragwall.protect_table('"a schema"."we""ird Table"', 'Tenant Id')$$, 'after unprotect_table() the table can be protected again');


-- Who may use a table on which nobody has a privilege.
create table "a schema".fresh (tenant_id text primary key, body text);
select unnest(array[
  is(tests.attack('select ragwall.protect_table(''"a schema".fresh'')', statement), '42501 permission denied for table fresh',
    'nobody gets a privilege unasked: ' || statement),
  is(tests.attack(format('select ragwall.protect_table(''"a schema".fresh'', %s => ''{app_user}'')', argument), statement), answer,
    format('%s: %s', argument, statement))
])
from (
  values
    ('writers', 'insert into "a schema".fresh (body) values (''x'') returning tenant_id', 'globex'),
    ('readers', 'select count(*) from "a schema".fresh', '0'),
    ('readers', 'delete from "a schema".fresh returning 1', '42501 permission denied for table fresh')
) as a (argument, statement, answer);

select * from finish();
rollback;
