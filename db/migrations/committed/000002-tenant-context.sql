--! Previous: sha1:9aec34a4b7ef81b6d290a861c7ab5b651dd3e091
--! Hash: sha1:e88dda6ee5fef6651aa72b2546bfad99d1ec2007
--! Message: tenant-context

-- The tenant context: the tenant that is bound to a transaction, with a seal that SQL cannot forge.

do $$ begin perform ragwall.begin_migration(2); end $$;

grant create on schema ragwall to ragwall_context;
set local role ragwall_context;

-- "where k.only_row" makes the primary key usable. Otherwise a caller with enable_seqscan = off makes the plan look
-- so expensive that JIT compiles it, which takes milliseconds a call.
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
  if ragwall_private.is_seal(inner_key, outer_key, tenant, claimed) then
    -- The expiry behind the 64 digits is sealed, so it is what bind() wrote: digits, or nothing.
    if substr(claimed, 65) = '' or clock_timestamp() < to_timestamp(substr(claimed, 65)::float8) then
      return tenant;
    end if;
  end if;
  return null;
end
$$;

comment on function ragwall.current_tenant() is
  'Returns the tenant that is bound to this transaction, or null if none is. A value counts only with a seal of this '
  'transaction: one that was written into app.current_tenant by hand, or that an earlier transaction left there, gives '
  'null. So does one that a token bound, from 5 seconds after the token has expired; a statement that is running then '
  'ends as it began. Raises P0002 if the key of the seals is missing. Security definer: it reads the key of the seals.';

grant execute on function ragwall.current_tenant()
  to app_user, app_reader, agent_reader, agent_caller, ragwall_owner, ragwall_search;

-- What an earlier client left on a pooled session can act in the transaction of the next client. A temporary table is
-- found before ours of the same name. The next client can read from holdable cursors and channels. A statement prepared
-- in SQL can replace one of the driver's. Sessions that only drivers have used have none of these.
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
    -- Read from the catalog, because a client can change what current_setting() returns.
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
  raise exception 'this session has objects that an earlier client may have left: %', residue
    using errcode = 'RW007',
      hint = 'Have the pooler run DISCARD ALL after every transaction, or bind the tenant before '
      'such objects are created. If all clients can be trusted: alter database … set ragwall.residue = ''allow''.';
end
$$;

comment on function ragwall_private.refuse_residue() is
  'Raises RW007 if the session has temporary objects, statements prepared in SQL, holdable cursors, or channels that '
  'it listens to. Allows them to superusers, and to everybody in a database with the setting ragwall.residue = allow.';

create function ragwall_private.bind(tenant text, expires text)
  returns text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  bound constant text := current_setting('app.current_tenant', true);
  claimed constant text := current_setting('app.tenant_seal', true);
  is_bound boolean := false;
begin
  -- Of an empty setting the seal need not be verified.
  if bound <> '' then
    select ragwall_private.is_seal(k.inner_key, k.outer_key, bound, claimed)
    into is_bound
    from ragwall_private.seal_key as k
    where k.only_row;
  end if;
  -- Also where the binding has expired: a transaction has one tenant.
  if is_bound then
    if bound <> tenant then
      raise exception 'this transaction is already bound to another tenant'
        using errcode = 'RW003', hint = 'Bind one tenant in a transaction. Commit or roll back, then bind the next.';
    end if;
    -- Of two expiries the later holds.
    if (
      case when substr(claimed, 65) = '' or expires = '' then substr(claimed, 65) = ''
        else substr(claimed, 65)::bigint >= expires::bigint end
    ) then
      return tenant;
    end if;
  -- This runs in every request, so one expression decides whether refuse_residue() is called.
  elsif pg_my_temp_schema() <> 0
    or exists (select from pg_cursor() where is_holdable)
    or exists (select from pg_listening_channels())
  then
    perform ragwall_private.refuse_residue();
  -- Postgres lists prepared statements only all together, so asking costs more the more the driver has. It is asked
  -- where a token is presented: who has none may have SQL on this session, and a statement of his in the place of one
  -- of the driver's would run in the transaction of who has one. Whoever may name tenants needs no such statement.
  elsif expires <> '' then
    if exists (select from pg_prepared_statement() where from_sql) then
      perform ragwall_private.refuse_residue();
    end if;
  end if;
  perform
    set_config('app.current_tenant', tenant, true),
    set_config('app.tenant_seal', ragwall_private.seal(k.inner_key, k.outer_key, tenant, expires), true)
  from ragwall_private.seal_key as k
  where k.only_row;
  if not found then
    raise exception 'no tenant can be bound, because the key of the seals is missing'
      using errcode = 'RW004',
        hint = 'Restore the row of ragwall_private.seal_key. A dump without data leaves the table empty.';
  end if;
  return tenant;
end
$$;

comment on function ragwall_private.bind(text, text) is
  'Binds a tenant to this transaction and returns it. tenant: well-formed, which callers have to check. expires: from '
  'when on current_tenant() no longer returns it, seconds since 1970 in digits, or the empty text for the whole '
  'transaction; where the tenant is bound already, the later of the two holds. Raises RW003 if another tenant was '
  'bound, even if that has expired, RW004 if the key of the seals is missing, RW007 like refuse_residue(). Only for '
  'set_tenant() and set_tenant_from_token(), which call it as their owner.';

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
  return ragwall_private.bind(tenant, '');
end
$$;

comment on function ragwall.set_tenant(text) is
  'Binds a tenant to this transaction and returns it. The binding ends with the transaction; binding the same tenant '
  'again changes nothing. tenant: 1 to 128 printable ASCII characters without spaces. Raises RW002 if it is null or '
  'ill-formed, RW003 if another tenant is bound, RW004 if the key of the seals is missing, RW007 if the session has '
  'objects that an earlier client may have left. Whoever may execute it can bind any tenant. In signed mode nobody '
  'may, and set_tenant_from_token() is the only way. Security definer: it reads the key of the seals.';

-- ragwall_owner: whoever keeps the search tables binds each tenant in turn.
grant execute on function ragwall.set_tenant(text) to app_user, app_reader, ragwall_owner;

reset role;
revoke create on schema ragwall from ragwall_context;
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
    -- What a caller wrote into the setting changes which of the two errors it gets, and nothing else.
    if (
      case when current_setting('app.tenant_seal', true) ~ '^[0-9a-f]{64}\d{1,12}$'
        then clock_timestamp() >= to_timestamp(substr(current_setting('app.tenant_seal'), 65)::float8) end
    ) then
      raise exception 'the token that bound a tenant to this transaction has expired'
        using errcode = 'RW001', hint = 'Keep transactions shorter than tokens live, or call '
          'ragwall.set_tenant_from_token(…) again in between, with a token that expires later.';
    end if;
    raise exception 'no tenant is bound to this transaction'
      using errcode = 'RW001',
        hint = 'First call ragwall.set_tenant(…) or ragwall.set_tenant_from_token(…) in the same transaction.';
  end if;
  return bound;
end
$$;

comment on function ragwall.require_tenant() is
  'Returns the tenant that is bound to this transaction. Raises RW001 if none is, and says so if the reason is that '
  'the token has expired.';

grant execute on function ragwall.require_tenant() to app_user, app_reader, agent_reader;

reset role;
