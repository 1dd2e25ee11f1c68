-- protect_plan() prints statements that protect the tables of an application, in an order that runs, and it goes on.
begin;
select plan(28);

create role web login;
grant app_user to web;

create function tests.usual(schema text, type text, standard text)
  returns void
  language plpgsql
as $$
declare
  declared constant text := concat_ws(' ', type, standard);
begin
  execute format('create schema %I authorization web', schema);
  perform set_config('search_path', quote_ident(schema), true);
  set local role web;
  execute format('create table orgs (id %s primary key, name text not null)', declared);
  execute format('create table users (id %s primary key, org_id %s not null references orgs on delete cascade,
    email text not null unique, referred_by %2$s references users on delete set null)', declared, type);
  execute format('create table memberships (user_id %s not null references users on delete cascade,
    org_id %1$s not null references orgs, role text not null default ''member'', primary key (user_id, org_id))', type);
  execute format('create table chats (id %s primary key, org_id %s not null references orgs,
    user_id %2$s references users on delete set null, title text)', declared, type);
  execute format('create table messages (id %s primary key, chat_id %s not null references chats on delete cascade,
    reply_to %2$s references messages deferrable initially deferred, body text)', declared, type);
  execute format('create table files (id %s primary key, message_id %s references messages, name text)', declared, type);
  create index on chats (user_id);
  create index on messages (chat_id);
  reset role;
  execute format('insert into orgs (id, name) select tests.tenant(%L, n)::%1$s, ''org '' || n
    from generate_series(1, 2) as n', type);
  insert into users (org_id, email) select o.id, o.name || n from orgs as o, generate_series(1, 3) as n;
  insert into memberships (user_id, org_id) select u.id, u.org_id from users as u;
  insert into chats (org_id, user_id, title) select u.org_id, u.id, 'chat of ' || u.email from users as u;
  insert into messages (chat_id, body) select c.id, 'hello ' || c.title from chats as c;
  insert into files (message_id, name) select m.id, 'file of ' || m.body from messages as m;
  set constraints all immediate;
  set constraints all deferred;
  perform set_config('search_path', 'public', true);
end
$$;
comment on function tests.usual(text, text, text) is
  'The tables of an application, as its login makes them by an ORM: keys on id alone, two tables without a tenant column.';

create function tests.tenant(type text, n integer)
  returns text
  language sql
  return case type when 'uuid' then tests.id(n)::text else n::text end;

create function tests.rows(schema text, tenant text)
  returns setof text
  language plpgsql
as $$
declare
  t text;
begin
  foreach t in array array['orgs', 'users', 'memberships', 'chats', 'messages', 'files'] loop
    return query execute format(
      'select %L || (to_jsonb(r) - ''org_id'')::text from %I.%I as r where %L in (''all'', to_jsonb(r) ->> %L)',
      t, schema, t, tenant, case t when 'orgs' then 'id' else 'org_id' end
    );
  end loop;
end
$$;
comment on function tests.rows(text, text) is 'The rows of an application, without their tenant: of a tenant, or all.';

create function tests.execute(schema text)
  returns text
  language plpgsql
as $$
declare
  -- Two more tables are found by what they refer to.
  tables constant jsonb := (
    select jsonb_object_agg(c.oid::regclass, case c.relname when 'orgs' then 'id' else 'org_id' end)
    from pg_class as c
    where c.relnamespace = quote_ident(schema)::regnamespace and c.relname in ('orgs', 'users', 'memberships', 'chats')
  );
  planned text;
begin
  for planned in select p.statement from ragwall.protect_plan(tables) as p loop
    execute planned;
  end loop;
  return coalesce((select string_agg(p.statement, '; ') from ragwall.protect_plan(tables) as p), 'nothing is left');
exception when others then
  return concat(sqlstate, ' ', sqlerrm, ' in ', planned);
end
$$;

create function tests.application(schema text, tenant text, other text)
  returns text
  language plpgsql
as $$
declare
  answers text[];
  chat text;
  answer text;
  statement text;
  type constant text := (
    select format_type(a.atttypid, null) from pg_attribute as a
    where a.attrelid = format('%I.users', schema)::regclass and a.attname = 'id'
  );
begin
  perform tests.become(tenant);
  perform set_config('search_path', quote_ident(schema), true);
  set local role web;
  execute 'insert into chats (title) values (''without its tenant'') returning id' into chat;
  foreach statement in array array[
    -- As an ORM inserts, which names the tenant.
    format('insert into chats (org_id, title) values (%L, ''new'') returning title', tenant),
    format('insert into messages (chat_id, body) values (%L, ''one''), (%1$L, ''two'') returning ''stored''', chat),
    format('update messages set body = ''edited'' where chat_id = %L and body = ''one'' returning body', chat),
    format('update messages as m set reply_to = o.id from messages as o
      where m.chat_id = %L and o.chat_id = %1$L and o.body = ''edited'' returning ''replied''', chat),
    'select count(*) from users join chats on chats.user_id = users.id join messages on messages.chat_id = chats.id
      join files on files.message_id = messages.id join orgs on orgs.id = users.org_id
      join memberships on memberships.user_id = users.id',
    'update orgs set name = ''renamed'' returning name',
    format('update users set referred_by = (select min(id::text) from users)::%s returning ''referred''', type),
    format('insert into chats (org_id, title) values (%L, ''of another'')', other),
    'update chats set org_id = org_id',
    format('delete from chats where id = %L returning title', chat),
    'select count(*) from messages'
  ] loop
    begin
      execute statement into answer;
      answers := answers || answer;
    exception when others then
      answers := answers || concat(sqlstate, ' ', sqlerrm);
    end;
  end loop;
  reset role;
  perform set_config('search_path', 'public', true);
  return array_to_string(answers, E'\n');
end
$$;
comment on function tests.application(text, text, text) is
  'What the statements of an application answer that were written before the plan.';

create function tests.refer(schema text, tenant text)
  returns text
  language plpgsql
as $$
declare
  others text;
begin
  execute format('select min(id::text) from %I.chats where org_id::text <> %L', schema, tenant) into others;
  perform tests.become(tenant);
  set local role web;
  execute format('insert into %I.messages (chat_id, body) values (%L, ''x'')', schema, others);
  return 'stored';
exception when others then
  return sqlstate;
end
$$;

create table tests.types as
select *
from (values ('uuid', 'default gen_random_uuid()'), ('bigint', 'generated by default as identity')) as t (type, standard);
select tests.usual('app of ' || type, type, standard) from tests.types;
create table tests.before as select type, r from tests.types, tests.rows('app of ' || type, 'all') as r;
create table tests.others as
select type, r from tests.types, tests.rows('app of ' || type, tests.tenant(type, 2)) as r;

select is(tests.execute('app of ' || type), 'nothing is left', 'the plan can be executed, and the next one is empty: ' || type)
from tests.types;
select set_eq(
  'select type, r from tests.types, tests.rows(''app of '' || type, ''all'') as r', 'select * from tests.before',
  'all rows are as they were'
);
select set_eq(
  $$
    select concat_ws(' ', c.relname, c.relowner::regrole, c.relforcerowsecurity)
    from pg_class as c
    where c.relkind = 'r' and c.relnamespace = '"app of uuid"'::regnamespace
  $$,
  array(
    select t || ' ragwall_owner t' from unnest(array['orgs', 'users', 'memberships', 'chats', 'messages', 'files']) as t
  ),
  'every table has the walls, also those that had no tenant column'
);
select set_eq(
  $$
    select regexp_replace(k.conrelid::regclass || ': ' || pg_get_constraintdef(k.oid), '"app of uuid"\.', '', 'g')
    from pg_constraint as k
    where k.contype = 'f' and k.connamespace = '"app of uuid"'::regnamespace
  $$,
  array[
    'users: FOREIGN KEY (org_id) REFERENCES orgs(id) ON DELETE CASCADE',
    'memberships: FOREIGN KEY (org_id) REFERENCES orgs(id)',
    'chats: FOREIGN KEY (org_id) REFERENCES orgs(id)',
    'users: FOREIGN KEY (org_id, referred_by) REFERENCES users(org_id, id) ON DELETE SET NULL (referred_by)',
    'memberships: FOREIGN KEY (org_id, user_id) REFERENCES users(org_id, id) ON DELETE CASCADE',
    'chats: FOREIGN KEY (org_id, user_id) REFERENCES users(org_id, id) ON DELETE SET NULL (user_id)',
    'messages: FOREIGN KEY (org_id, chat_id) REFERENCES chats(org_id, id) ON DELETE CASCADE',
    'messages: FOREIGN KEY (org_id, reply_to) REFERENCES messages(org_id, id) DEFERRABLE INITIALLY DEFERRED',
    'files: FOREIGN KEY (org_id, message_id) REFERENCES messages(org_id, id)'
  ],
  'keys from tenant to tenant are as they were; others have the tenant, and do on deletion what they did'
);
select is_empty(
  $$
    select id, object, evidence from ragwall.audit()
    where status in ('fail', 'warn') and object ~ 'app of uuid' and id not in ('P06', 'P07')
  $$,
  'the audit finds nothing, but that the login may delete, and creates in its schema'
);
select is(
  tests.application('app of ' || type, tests.tenant(type, 1), tests.tenant(type, 2)),
  E'new\nstored\nedited\nreplied\n3\nrenamed\nreferred\n42501 new row violates row-level security policy for table "chats"\n'
    '42501 permission denied for table chats\nwithout its tenant\n3',
  'the application goes on: ' || type
)
from tests.types;
select set_eq(
  $$
    select type, r from tests.types, tests.rows('app of ' || type, tests.tenant(type, 2)) as r
    where r !~ '^(messages|files)'
  $$,
  'select * from tests.others', 'the rows of another tenant are as they were'
);
select is(tests.refer('app of ' || type, tests.tenant(type, 1)), '23503', 'a row cannot refer to another tenant''s: ' || type)
from tests.types;

-- The floor, as in planner-oracles.sql. Asked by a third tenant, which has no rows.
create function tests.ask(setup text, type text, tenant text, condition text)
  returns text
  language plpgsql
as $$
declare
  answer text;
begin
  execute setup;
  perform tests.become(tenant);
  set local role web;
  perform set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'off', true);
  execute format('select count(*) from "app of %s".chats where %s', type, condition) into answer;
  raise exception using errcode = 'XX999', message = answer;
exception when others then
  return case sqlstate when 'XX999' then sqlerrm else sqlstate || ' ' || sqlerrm end;
end
$$;
create table tests.guesses as
select type, guess
from tests.types, unnest(array[
  format('title >= ''chat of org 2'' and title < ''chat of org 3'' and title >= (select (1/(pg_backend_pid()*0))::text)'),
  'case when user_id is not null then (array[true])[(select 1/(pg_backend_pid()*0))] end'
]) as guess
where current_setting('server_version_num')::integer >= 160000;
select is(
  tests.ask('set local cpu_operator_cost = ' || cost, type, tests.tenant(type, 3), guess),
  '0', format('no condition of a caller''s is evaluated on rows of others, %s, operators costing %s: %s', type, cost, guess)
)
from tests.guesses, unnest(array['0.0025', '0']) as cost;
select is(
  tests.ask(
    format('alter policy tenant_floor on "app of %s".chats using (org_id = (select ragwall.current_tenant()::%1$s))', type),
    type, tests.tenant(type, 3), guess
  ),
  '22012 division by zero', format('control: a floor that costs an operator tells, %s: %s', type, guess)
)
from tests.guesses;
select pass('needs JSON_OBJECT, which PostgreSQL 15 does not have') from generate_series(1, 12)
where current_setting('server_version_num')::integer < 160000;
select is(
  exists (
    select from ragwall.table_findings('"app of uuid".chats', 'org_id', false) as f
    where not f.refused and f.finding like 'before PostgreSQL 16 %'
  ),
  current_setting('server_version_num')::integer < 160000, 'where the floor costs something, this is left to do'
);

select is(
  tests.ask('', 'uuid', 'acme', 'true'), '22P02 invalid input syntax for type uuid: "acme"',
  'a tenant that is no uuid is told so, by its own name'
);
select is(
  tests.ask(
    'insert into "app of uuid".orgs values (''a0000000-0000-4000-8000-00000000000a'', ''x'');
      insert into "app of uuid".chats (org_id) values (''a0000000-0000-4000-8000-00000000000a'')',
    'uuid', 'A0000000-0000-4000-8000-00000000000A', 'true'
  ),
  '1', 'the case of a uuid does not matter'
);
select is(tests.ask('', 'bigint', null, 'true'), '0', 'without a tenant there are no rows');
select from ragwall.unprotect_table('"app of bigint".chats');
select is(
  (
    select concat_ws(' ', c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.relacl, d.adbin is null)
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attname = 'org_id'
    left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.oid = '"app of bigint".chats'::regclass
  ),
  'web f f {web=arwdDxt' || case when current_setting('server_version_num')::integer >= 170000 then 'm' else '' end || '/web} t',
  'unprotect_table() gives the table back to the login of the application, and nobody else anything'
);
select * from finish();
rollback;
