--! Previous: -
--! Hash: sha1:9aec34a4b7ef81b6d290a861c7ab5b651dd3e091
--! Message: schemas

-- The two schemas, the key of the seals, and what a tenant id is.

do $$
begin
  if to_regnamespace('ragwall') is not null then
    raise exception 'this database has a schema ragwall already'
      using errcode = 'RW013', hint = 'Another tool has applied the migrations. `ragwall migrate` applies what is due.';
  end if;
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

create function ragwall.embedding_dimensions()
  returns integer
  language sql
  immutable
  parallel safe
  return :EMBEDDING_DIMENSIONS;

comment on function ragwall.embedding_dimensions() is
  'Returns the number of dimensions of every embedding in this database, 1 to 4000. The first migration fixed it.';

grant execute on function ragwall.embedding_dimensions()
  to app_user, app_reader, agent_reader, agent_caller, ragwall_search;

create function ragwall.migration()
  returns integer
  language sql
  immutable
  parallel safe
  return 1;

comment on function ragwall.migration() is
  'Returns the number of the last migration that was applied. Clients and the audit compare it with the number they '
  'need.';

grant execute on function ragwall.migration() to app_user, app_reader, agent_reader, agent_caller;

-- The history: there is no table. Every tool that migrates continues where another one has ended.
create function ragwall.begin_migration(number integer)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  applied constant integer := ragwall.migration();
begin
  if number is distinct from applied + 1 then
    raise exception 'migration % cannot be applied: this database has migration %', number, applied
      using errcode = 'RW013', hint = case when number <= applied
        then 'It was applied before, by another tool. `ragwall migrate` applies what is due.'
        else format('Apply %s first, and each migration once.', applied + 1) end;
  end if;
  execute format(
    'create or replace function ragwall.migration() returns integer language sql immutable parallel safe return %s',
    number
  );
end
$$;

comment on function ragwall.begin_migration(integer) is
  'Begins a migration, in its transaction: makes ragwall.migration() return its number. number: that of the last '
  'migration and 1. Raises RW013 for any other. For superusers and members of ragwall_owner.';

-- Others may have roles of these names already: whoever applies the migrations can choose other ones.
create function ragwall.application_roles()
  returns name[]
  language sql
  immutable
  parallel safe
  return '{app_user,app_reader,agent_reader,agent_caller}'::name[];

comment on function ragwall.application_roles() is
  'Returns the names of the four roles of applications, in this order: reads and writes, only reads, runs SQL of '
  'others that reads, runs SQL of others that only searches. For DBAs: nobody but the owner may execute it.';

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

reset role;
do $$
begin
  execute format(
    'revoke create on database %I from ragwall_owner, ragwall_context', current_database()
  );
end
$$;
