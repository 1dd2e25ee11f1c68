--! Previous: -
--! Hash: sha1:b3e2f9fb75d73c4c1c3b0825b2de998de8b37b53
--! Message: schemas

-- The two schemas, the key of the seals, and what a tenant id is.

do $$
begin
  if not exists (
    select from pg_extension as e
    join pg_namespace as n on n.oid = e.extnamespace
    where e.extname = 'vector'
      and n.nspname = ':VECTOR_SCHEMA'
      and string_to_array(e.extversion, '.')::int[] >= '{0,8}'
  ) then
    raise exception 'the extension vector, 0.8 or later, is expected in the schema :VECTOR_SCHEMA'
      using hint = (
        select format('It is there in version %s, in the schema %s. Correct VECTOR_SCHEMA in .gmrc, or alter extension '
          'vector update.', e.extversion, e.extnamespace::regnamespace)
        from pg_extension as e where e.extname = 'vector'
        union all
        select 'Run db/bootstrap.sql in this database before the first migration.'
        limit 1
      );
  end if;
  if :EMBEDDING_DIMENSIONS not between 1 and 4000 then
    raise exception 'the number of embedding dimensions is expected to be 1 to 4000'
      using hint = 'Correct EMBEDDING_DIMENSIONS in .gmrc before the first migration.';
  end if;
  execute format(
    'grant create on database %I to ragwall_owner, ragwall_context', current_database()
  );
end
$$;

-- Without "in schema": the default privileges of a schema can only add to these, so a revoke there does nothing.
alter default privileges for role ragwall_owner, ragwall_context, ragwall_search
  revoke execute on functions from public;

set local role ragwall_context;

create schema ragwall_private;

comment on schema ragwall_private is
  'The keys of the tenant context and the functions that read them. Only ragwall_context has privileges on it.';

create table ragwall_private.seal_key (
  only_row boolean primary key default true check (only_row),
  inner_key bytea not null check (octet_length(inner_key) = 64),
  outer_key bytea not null check (octet_length(outer_key) = 64)
);

comment on table ragwall_private.seal_key is
  'The key of the seals of this database: one row. A role that can read it can bind any tenant.';
comment on column ragwall_private.seal_key.inner_key is '64 random bytes: one block of SHA-256.';
comment on column ragwall_private.seal_key.outer_key is '64 random bytes, independent of inner_key.';

-- Two random UUIDs have 244 random bits. gen_random_uuid() takes them from the server's strong generator.
create function ragwall_private.random_bytes()
  returns bytea
  language sql
  volatile
  parallel safe
  return sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

comment on function ragwall_private.random_bytes() is 'Returns 32 unpredictable bytes, which have 244 random bits.';

-- There is no policy, so a role that gets SELECT by mistake, or by pg_read_all_data, still reads no row. Not forced:
-- the functions of ragwall_context, the owner, read the key.
alter table ragwall_private.seal_key enable row level security;

insert into ragwall_private.seal_key (inner_key, outer_key)
values (
  ragwall_private.random_bytes() || ragwall_private.random_bytes(),
  ragwall_private.random_bytes() || ragwall_private.random_bytes()
);

-- No two inputs give the same message: 4 bytes of process id, 8 bytes of transaction start, digits or nothing, a space,
-- then the tenant. A single expression without SET clauses, so that Postgres can inline it.
create function ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text, expires text)
  returns text
  language sql
  stable
  parallel restricted
  return encode(
    sha256(outer_key || sha256(
      inner_key
      || int4send(pg_backend_pid())
      || timestamptz_send(transaction_timestamp())
      || convert_to(expires || ' ' || tenant, 'UTF8')
    )),
    'hex'
  ) || expires;

comment on function ragwall_private.seal(bytea, bytea, text, text) is
  'Returns the seal of a tenant in this transaction: a keyed hash (nested as in HMAC) of the backend process, the '
  'start of the transaction, the expiry and the tenant, in 64 hexadecimal digits, and then the expiry. inner_key, '
  'outer_key: those of seal_key. expires: seconds since 1970 in digits, or the empty text for no expiry. Null if an '
  'argument is null.';

-- Both sides are hashed with the key before they are compared, so the time of the comparison discloses nothing.
create function ragwall_private.is_seal(inner_key bytea, outer_key bytea, tenant text, claimed text)
  returns boolean
  language sql
  stable
  parallel restricted
  return sha256(outer_key || convert_to(claimed, 'UTF8')) = sha256(outer_key || convert_to(
    ragwall_private.seal(inner_key, outer_key, tenant, substr(claimed, 65)), 'UTF8'
  ));

comment on function ragwall_private.is_seal(bytea, bytea, text, text) is
  'Returns whether a text is the seal of a tenant in this transaction, as seal() makes it. Does not compare the expiry '
  'with the clock. Null if an argument is null.';

reset role;
set local role ragwall_owner;

create schema ragwall;

comment on schema ragwall is
  'Tenant-isolated retrieval. In each transaction first bind a tenant with set_tenant() or set_tenant_from_token(). '
  'Then call match_documents(), upsert_documents() or delete_documents(), or query the tables.';

grant usage on schema ragwall to app_user, app_reader, agent_reader, agent_caller, ragwall_context, ragwall_search;

create schema ragwall_search;

comment on schema ragwall_search is
  'The search tables of large tenants, and what is known of them. Everything in it is derived from ragwall.documents.';

-- Others may have roles of these names already: whoever applies the migrations can choose other ones.
create function ragwall.application_roles()
  returns name[]
  language sql
  immutable
  parallel safe
  return '{app_user,app_reader,agent_reader,agent_caller}'::name[];

comment on function ragwall.application_roles() is
  'Returns the names of the four roles of applications, in this order: reads and writes, only reads, runs SQL of others '
  'that reads, runs SQL of others that only searches. For DBAs: nobody but the owner may execute it.';

create function ragwall.is_tenant_id(tenant text)
  returns boolean
  language sql
  immutable
  parallel safe
  return tenant collate "C" ~ '^[!-~]{1,128}$';

comment on function ragwall.is_tenant_id(text) is
  'Returns whether a text is a well-formed tenant id: 1 to 128 printable ASCII characters without spaces. Case '
  'matters. Null for null. Does not tell whether there is such a tenant.';

grant execute on function ragwall.is_tenant_id(text) to app_user, app_reader, ragwall_context;

-- A caller's settings hold in the functions that it calls. By those of the planner it could choose plans whose work
-- depends on the rows of other tenants.
create function ragwall.fix_plans(routine regprocedure, plans text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  setting record;
begin
  for setting in
    select s.name, coalesce(f.value, s.boot_val) as value
    from pg_settings as s
    left join (values
      ('plan_cache_mode', format('force_%s_plan', plans)), ('enable_seqscan', 'off'), ('jit', 'off'),
      ('max_parallel_workers_per_gather', '0')
    ) as f (name, value) on f.name = s.name
    where f.name is not null
      or s.name in (
        'seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost',
        'enable_bitmapscan', 'enable_hashagg', 'enable_hashjoin', 'enable_indexonlyscan', 'enable_indexscan',
        'enable_nestloop', 'enable_presorted_aggregate', 'enable_sort', 'enable_tidscan'
      )
  loop
    execute format('alter function %s set %I = %L', routine, setting.name, setting.value);
  end loop;
end
$$;

comment on function ragwall.fix_plans(regprocedure, text) is
  'Gives a function a value of its own for each setting of Query Tuning by which a caller could change its plans: the '
  'default of PostgreSQL, but no sequential scans, no parallel workers and no compilation. plans: generic, which the '
  'session keeps, or custom, which are made for each call. For the owner of the function. Raises 22023 for other '
  'plans, 42601 if routine is null.';

grant execute on function ragwall.fix_plans(regprocedure, text) to ragwall_search;

-- The caller's rights make the login: a superuser's, or those of a role with CREATEROLE that owns the database.
create function ragwall.grant_login(login name, role name)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  roles constant name[] := ragwall.application_roles();
  owners constant name[] := '{ragwall_owner,ragwall_context,ragwall_search}';
  connections constant integer := (select r.rolconnlimit from pg_roles as r where r.rolname = role);
  preset record;
begin
  if (role = any (roles) and (login = role or login <> all (roles || owners))) is not true then
    raise exception 'a login of the application, and one of the roles % are expected', array_to_string(roles, ', ')
      using errcode = 'RW010', hint = format('The role comes second: select ragwall.grant_login(''api'', %L).', roles[1]);
  end if;
  if not exists (select from pg_roles as r where r.rolname = login) then
    execute format('create role %I', login);
  end if;
  execute format('alter role %I login', login);
  execute format('grant connect on database %I to %I', current_database(), login);
  if login = role then
    return;
  end if;
  execute format('grant %I to %I', role, login);
  for preset in
    -- Those of this database come last and replace those of all databases.
    select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
    from pg_db_role_setting as s
    join pg_roles as r on r.oid = s.setrole
    left join pg_database as d on d.oid = s.setdatabase
    cross join unnest(s.setconfig) as c
    where r.rolname = role
      and (s.setdatabase = 0 or d.datname = current_database())
      and c ~ '^(\w+_(timeout|limit|interval)|track_activities|default_transaction_read_only)='
    order by s.setdatabase
  loop
    execute format('alter role %I in database %I set %I = %L', login, current_database(), preset.name, preset.value);
  end loop;
  if connections <> -1 then
    execute format('alter role %I connection limit %s', login, connections);
  end if;
end
$$;

comment on function ragwall.grant_login(name, name) is
  'Makes a login of a role in this database, without a password: creates it if there is none of the name, lets it '
  'connect here, makes it a member of the role, and gives it the limits that the role has, in time and of connections. '
  'Limits are copied: repeat the call after they were changed. What the login may do in other databases stays as it '
  'is. login: may be the role itself, but then its members may connect here, too. role: app_user, app_reader, '
  'agent_reader or agent_caller. Raises RW010 for other arguments. For superusers, and for members of ragwall_owner '
  'with CREATEROLE that own the database.';

reset role;
do $$
begin
  execute format(
    'revoke create on database %I from ragwall_owner, ragwall_context', current_database()
  );
end
$$;
