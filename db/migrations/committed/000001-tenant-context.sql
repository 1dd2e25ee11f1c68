--! Previous: -
--! Hash: sha1:a168d80a90e064c157eed0d4d4b143128b456173
--! Message: tenant-context

-- The tenant context: who is asking, bound to one transaction and sealed so that SQL cannot forge it.

do $$
begin
  if not exists (
    select from pg_extension as e
    join pg_namespace as n on n.oid = e.extnamespace
    where e.extname = 'vector'
      and n.nspname = 'public'
      and string_to_array(e.extversion, '.')::int[] >= '{0,8}'
  ) then
    raise exception 'the extension vector, 0.8 or later, is expected in the schema public'
      using hint = 'Run db/bootstrap.sql in this database before the first migration.';
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

-- Only this form works: with "in schema" the revoke would do nothing.
alter default privileges for role ragwall_owner, ragwall_context
  revoke execute on functions from public;

set local role ragwall_context;

create schema ragwall_private;

comment on schema ragwall_private is
  'The keys of the tenant context and what reads them. Nobody but ragwall_context has a privilege on a table here, '
  'and nobody but ragwall_owner may name what is in it.';

create table ragwall_private.seal_key (
  only_row boolean primary key default true check (only_row),
  inner_key bytea not null check (octet_length(inner_key) = 64),
  outer_key bytea not null check (octet_length(outer_key) = 64)
);

comment on table ragwall_private.seal_key is
  'The key of this database''s seals, one row. Whoever reads it can become any tenant.';
comment on column ragwall_private.seal_key.inner_key is '64 random bytes: one block of SHA-256.';
comment on column ragwall_private.seal_key.outer_key is '64 random bytes, independent of inner_key.';

-- 32 bytes with 244 random bits; gen_random_uuid() draws from the server's strong generator.
create function ragwall_private.random_bytes()
  returns bytea
  language sql
  volatile
  parallel safe
  return sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

comment on function ragwall_private.random_bytes() is '32 unpredictable bytes.';

-- Enabled and not forced: only its owner reads it, also where a role may read all data.
alter table ragwall_private.seal_key enable row level security;

insert into ragwall_private.seal_key (inner_key, outer_key)
values (
  ragwall_private.random_bytes() || ragwall_private.random_bytes(),
  ragwall_private.random_bytes() || ragwall_private.random_bytes()
);

-- The message has no ambiguity: 4 bytes of process id, 8 bytes of transaction start, then the tenant.
-- One expression without settings of its own, so that it is inlined where it is called.
create function ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text)
  returns text
  language sql
  stable
  parallel restricted
  return encode(
    sha256(outer_key || sha256(
      inner_key
      || int4send(pg_backend_pid())
      || timestamptz_send(transaction_timestamp())
      || convert_to(tenant, 'UTF8')
    )),
    'hex'
  );

comment on function ragwall_private.seal(bytea, bytea, text) is
  'The seal of a tenant in this transaction: a keyed hash (nested, as HMAC is) over backend process, '
  'transaction start and tenant. 64 hexadecimal digits.';

reset role;
set local role ragwall_owner;

create schema ragwall;

comment on schema ragwall is
  'Tenant-isolated retrieval. Bind a tenant with set_tenant() in the transaction, then call '
  'match_documents(), upsert_documents(), delete_documents(), or use the tables.';

grant usage on schema ragwall to app_user, app_reader;
grant usage, create on schema ragwall to ragwall_context;

create function ragwall.is_tenant_id(tenant text)
  returns boolean
  language sql
  immutable
  parallel safe
  return tenant collate "C" ~ '^[!-~]{1,128}$';

comment on function ragwall.is_tenant_id(text) is
  'Whether a text can name a tenant: 1 to 128 printable ASCII characters, no spaces. Case matters. '
  'Null for null.';

grant execute on function ragwall.is_tenant_id(text) to app_user, app_reader, ragwall_context;

reset role;
set local role ragwall_context;

-- By its key, or a caller with enable_seqscan off has the plan priced so high that it is compiled, for
-- milliseconds a call. The comparison hashes both sides with the key once more: its timing tells nothing.
create function ragwall.current_tenant()
  returns text
  language plpgsql
  stable
  parallel restricted
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := nullif(current_setting('app.current_tenant', true), '');
  claimed constant text := nullif(current_setting('app.tenant_seal', true), '');
  inner_key bytea;
  outer_key bytea;
begin
  if tenant is null or claimed is null then
    return null;
  end if;
  select k.inner_key, k.outer_key
  into strict inner_key, outer_key
  from ragwall_private.seal_key as k
  where k.only_row;
  if sha256(outer_key || convert_to(claimed, 'UTF8'))
    = sha256(outer_key || convert_to(ragwall_private.seal(inner_key, outer_key, tenant), 'UTF8'))
  then
    return tenant;
  end if;
  return null;
end
$$;

comment on function ragwall.current_tenant() is
  'The tenant that set_tenant() bound to this transaction, or null. A value that something else wrote '
  'into app.current_tenant, or that another transaction left there, does not count. '
  'Security definer: it reads the key of the seals.';

grant execute on function ragwall.current_tenant() to app_user, app_reader, ragwall_owner;

-- What a client before this one left on a pooled session can act in the transaction of the next: temporary
-- objects stand in for tables, a statement prepared in SQL stands in for the driver's, and what is listened
-- for or held open is read by whoever comes next. All three lists are empty where drivers alone have been.
create function ragwall_private.refuse_residue()
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  residue constant text := concat_ws(
    ', ',
    case when pg_my_temp_schema() <> 0
      and exists (select from pg_type where typnamespace = pg_my_temp_schema()) then 'temporary objects' end,
    case when exists (select from pg_prepared_statement() where from_sql) then 'statements prepared in SQL' end,
    case when exists (select from pg_cursor() where is_holdable) then 'holdable cursors' end,
    case when exists (select from pg_listening_channels()) then 'channels listened to' end
  );
begin
  if residue = ''
    -- Looked up and not asked for: a client can change the setting of its session.
    or 'ragwall.residue=allow' in (
      select unnest(s.setconfig)
      from pg_db_role_setting as s
      where s.setrole = 0
        and s.setdatabase = (select d.oid from pg_database as d where d.datname = current_database())
    )
    or (select r.rolsuper from pg_roles as r where r.rolname = session_user)
  then
    return;
  end if;
  raise exception 'this session carries what somebody left on it: %', residue
    using errcode = 'RW007', hint = 'Have the pooler run DISCARD ALL after every transaction, or bind before making '
      'them. A database whose clients can all be trusted: alter database … set ragwall.residue = ''allow''.';
end
$$;

comment on function ragwall_private.refuse_residue() is
  'Raises RW007 if the session has temporary objects, statements prepared in SQL, holdable cursors or '
  'channels listened to, unless it is a superuser''s or the database has the setting ragwall.residue = allow.';

create function ragwall_private.bind(tenant text)
  returns text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  bound constant text := ragwall.current_tenant();
begin
  if bound = tenant then
    return tenant;
  end if;
  if bound is not null then
    raise exception 'this transaction is already bound to another tenant'
      using errcode = 'RW003', hint = 'One tenant a transaction: commit or roll back, then bind the next.';
  end if;
  -- In one statement, and the rest only where there is something: this runs in every request.
  perform from pg_prepared_statement() where from_sql
  union all
  select from pg_cursor() where is_holdable
  union all
  select from pg_listening_channels()
  limit 1;
  if found or pg_my_temp_schema() <> 0 then
    perform ragwall_private.refuse_residue();
  end if;
  perform
    set_config('app.current_tenant', tenant, true),
    set_config('app.tenant_seal', ragwall_private.seal(k.inner_key, k.outer_key, tenant), true)
  from ragwall_private.seal_key as k
  where k.only_row;
  if not found then
    raise exception 'the key of the seals is missing, and no tenant can be bound'
      using errcode = 'RW004', hint = 'Restore ragwall_private.seal_key: a dump without data leaves it empty.';
  end if;
  return tenant;
end
$$;

comment on function ragwall_private.bind(text) is
  'Binds a well-formed tenant to this transaction. For the functions that know who is asking.';

create function ragwall.set_tenant(tenant text)
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if ragwall.is_tenant_id(tenant) is not true then
    raise exception 'the tenant id is expected to be 1 to 128 printable ASCII characters without spaces'
      using errcode = 'RW002', hint = 'Take it from a verified token, never from the request itself.';
  end if;
  return ragwall_private.bind(tenant);
end
$$;

comment on function ragwall.set_tenant(text) is
  'Binds a tenant to this transaction and returns it. Ends with the transaction. '
  'Raises RW002 for an ill-formed id, RW003 if another tenant is bound, RW004 if the key is missing, RW007 if the '
  'session carries what somebody left on it. Trusts its caller: whoever may call it may name any tenant. '
  'Revoke it, and set_tenant_from_token() is the only way: signed mode. '
  'Security definer: it reads the key of the seals.';

grant execute on function ragwall.set_tenant(text) to app_user, app_reader;

reset role;
revoke create on schema ragwall from ragwall_context;
do $$
begin
  execute format(
    'revoke create on database %I from ragwall_owner, ragwall_context', current_database()
  );
end
$$;

set local role ragwall_owner;

create function ragwall.require_tenant()
  returns text
  language plpgsql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
declare
  bound constant text := ragwall.current_tenant();
begin
  if bound is null then
    raise exception 'no tenant is bound to this transaction'
      using errcode = 'RW001', hint = 'Call ragwall.set_tenant(…), or set_tenant_from_token(…), first, in the same transaction.';
  end if;
  return bound;
end
$$;

comment on function ragwall.require_tenant() is
  'The tenant that is bound to this transaction. Raises RW001 if there is none.';

grant execute on function ragwall.require_tenant() to app_user, app_reader;

reset role;
