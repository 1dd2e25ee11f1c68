--! Previous: sha1:8b17add4735dc7556032c371b0dafef5818f3059
--! Hash: sha1:dbcf15183d4c6bf0f8fab91d1b63bcbf9a071897
--! Message: requests

-- The tenant of a request that PostgREST, and so Supabase, turns into a transaction.

do $$ begin perform ragwall.begin_migration(30); end $$;

set local role ragwall_owner;

create table ragwall.tenant_claim (
  only_row boolean primary key default true check (only_row),
  path text[] not null
    constraint path_has_one_to_five_names
      check (coalesce(array_ndims(path), 0) = 1 and cardinality(path) <= 5 and array_position(path, null) is null)
    constraint users_write_user_metadata_themselves
      check (not path && '{user_metadata,unsafe_metadata}')
);

comment on table ragwall.tenant_claim is
  'Which claim of a verified token names the tenant of a request of PostgREST: one row. Without it no tenant is bound. '
  'Its owner changes it: update ragwall.tenant_claim set path = ''{app_metadata,tenant_id}''.';
comment on column ragwall.tenant_claim.path is
  'The names that lead to the claim, outermost first: {tenant_id}, {app_metadata,tenant_id}, {org_id}, {o,id}. Not '
  'user_metadata and not unsafe_metadata: whoever signs in can write these.';

insert into ragwall.tenant_claim (path) values ('{tenant_id}');

grant select (only_row, path) on ragwall.tenant_claim to app_user, app_reader;

-- Security invoker: who may bind is decided by the privileges on set_tenant() and set_tenant_from_token() alone. So the
-- settings, which SQL can write, give nobody more: who may call set_tenant() can name any tenant anyway, and a token is
-- verified here.
create function ragwall_api.set_tenant_from_request()
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
declare
  trusting boolean;
  name text;
  request jsonb;
  token text;
  claim jsonb;
  path text[];
begin
  -- For roles that can read nothing here, as those of anonymous requests.
  if not has_schema_privilege('ragwall', 'usage') then
    return null;
  end if;
  trusting := has_function_privilege('ragwall.set_tenant(text)', 'execute');
  name := case when trusting then 'request.jwt.claims' else 'request.headers' end;
  begin
    request := nullif(current_setting(name, true), '')::jsonb;
  exception when data_exception or program_limit_exceeded then
    -- The message of the parser would quote it.
    request := 'null';
  end;
  if request is null then
    return null;
  elsif jsonb_typeof(request) <> 'object' then
    raise exception 'the setting % is expected to be a JSON object', name
      using errcode = 'RW011', hint = 'PostgREST sets it, from version 9 on. Call this function as its db-pre-request.';
  end if;
  if not trusting then
    token := substring(request ->> 'authorization' from '(?i)^bearer +(\S+)$');
    return case when token is not null then ragwall.set_tenant_from_token(token) end;
  end if;

  select c.path into path from ragwall.tenant_claim as c;
  claim := request #> path;
  if claim is null or claim = 'null' then
    return null;
  elsif jsonb_typeof(claim) <> 'string' then
    raise exception 'the claim % is expected to be a text', array_to_string(path, '.')
      using errcode = 'RW012', hint = 'Have the tenant''s id signed as a text, or name another claim: '
        'update ragwall.tenant_claim set path = ….';
  end if;
  return ragwall.set_tenant(claim #>> '{}');
end
$$;

comment on function ragwall_api.set_tenant_from_request() is
  'Binds the tenant of a request to this transaction and returns it: the db-pre-request of PostgREST. In trusting mode '
  'the tenant is the claim of ragwall.tenant_claim in request.jwt.claims, which PostgREST has verified. In signed mode '
  'it is that of the bearer token in request.headers, verified by set_tenant_from_token(). Binds none, and returns '
  'null, without such a claim or token, and for roles without usage on the schema ragwall. Raises RW011 if the setting '
  'is no JSON object, RW012 if the claim is no text, RW002 to RW007 and RW009 as the functions that bind do.';

grant execute on function ragwall_api.set_tenant_from_request() to app_user, app_reader;

reset role;
