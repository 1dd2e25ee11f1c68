--! Previous: sha1:e0e3844368fe5bd4dfd407d9d88a98b27c082f8e
--! Hash: sha1:1e2a648206571598852a4abdc313922d9b658d9a
--! Message: delete-documents

-- Deletion. Nobody has DELETE on the table, because it would allow LOCK TABLE, which stops all tenants. So the first
-- two functions are security definer. Their owner is bound by the same policies, which are forced. The third finds
-- documents with the privileges of its caller, and has the first delete them. At the end: reading one document.

do $$ begin perform ragwall.begin_migration(18); end $$;

set local role ragwall_owner;

create function ragwall.delete_documents(ids uuid[])
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  one constant uuid := case when cardinality(ids) = 1 then ids[1] end;
  deleted integer;
begin
  -- The plan of "=" is always the primary key's. Where the planner expects few documents, that of "= any" reads all of
  -- the tenant.
  if one is not null then
    delete from ragwall.documents as d
    where d.tenant_id = tenant
      and d.id = one;
    get diagnostics deleted = row_count;
    return deleted;
  end if;
  perform
  from (select distinct i.id from unnest(ids) as i (id) order by i.id) as i
  cross join lateral (
    select from ragwall.documents as d where d.tenant_id = tenant and d.id = i.id offset 0 for update
  ) as d;
  delete from ragwall.documents as d
  where d.tenant_id = tenant
    and d.id = any (ids);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

comment on function ragwall.delete_documents(uuid[]) is
  'Deletes documents of the bound tenant by id, and returns how many were deleted. Ids that the tenant does not have, '
  'which another tenant may have, are ignored; null deletes none. Raises RW001 if no tenant is bound. Security '
  'definer: no application role may delete. It runs as the owner, who is bound by the same policies.';

select ragwall.fix_plans('ragwall.delete_documents(uuid[])', 'generic');

grant execute on function ragwall.delete_documents(uuid[]) to app_user;

create function ragwall.delete_source(source text, from_position integer)
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  locked uuid[];
  deleted integer;
begin
  locked := array(
    select d.id
    from ragwall.documents as d
    where d.tenant_id = tenant
      and d.source = delete_source.source
      and d.position >= from_position
    order by d.id
    for update
  );
  delete from ragwall.documents as d
  where d.tenant_id = tenant
    and d.id = any (locked);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

comment on function ragwall.delete_source(text, integer) is
  'Deletes the documents of one source of the bound tenant, from a position on, and returns how many were deleted. '
  'from_position: 0 deletes all. A null argument deletes none. Raises RW001 if no tenant is bound. Security definer: '
  'no application role may delete. It runs as the owner, who is bound by the same policies.';

select ragwall.fix_plans('ragwall.delete_source(text, integer)', 'custom');

grant execute on function ragwall.delete_source(text, integer) to app_user;

create function ragwall.delete_matching(filter jsonb)
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  path jsonpath;
begin
  if filter is null or jsonb_typeof(filter) <> 'object' or filter = '{}' then
    raise exception 'the filter of a deletion is expected to be a JSON object that is not empty'
      using errcode = 'RW205', hint = 'Everything fits an empty filter. To delete all documents of the tenant: '
        'select ragwall.delete_documents(array(select id from ragwall.documents)).';
  end if;
  path := ragwall.filter_path(filter);
  return ragwall.delete_documents(array(
    select d.id
    from ragwall.documents as d
    where d.tenant_id = tenant
      and d.metadata @? path
    order by d.id
    for update
  ));
end
$$;

comment on function ragwall.delete_matching(jsonb) is
  'Deletes the documents of the bound tenant whose metadata fits a filter, and returns how many were deleted. filter: '
  'a JSON object that is not empty (filter_path()). Raises RW001 if no tenant is bound, RW205 if the filter is null, '
  'empty or no object, RW107 and RW108 as filter_path() does.';

select ragwall.fix_plans('ragwall.delete_matching(jsonb)', 'custom');

grant execute on function ragwall.delete_matching(jsonb) to app_user;

-- For agent_caller, which finds documents by agent_match_documents() and may read none of them otherwise.
create function ragwall.agent_document(id uuid)
  returns setof ragwall.match
  language plpgsql
  stable
  parallel unsafe
  security definer
  rows 1
  set search_path = pg_catalog, pg_temp
  set client_min_messages = notice
as $$
#variable_conflict use_variable
declare
  tenant constant text := ragwall.require_tenant();
begin
  if current_query() ~* 'explain' then
    raise exception 'this function does not run under explain'
      using errcode = 'RW106',
        hint = 'The statement may not have the word explain anywhere. Pass a text that has it as a parameter.';
  end if;
  return query
  select d.tenant_id, d.id, d.source, d.position, d.content, d.metadata, null::double precision
  from ragwall.documents as d
  where d.tenant_id = tenant
    and d.id = id;
end
$$;

comment on function ragwall.agent_document(uuid) is
  'Returns the document of the bound tenant that has this id, with null as similarity, for agent_caller, which has no '
  'privilege on any table. No row if the tenant has none, though another tenant may have one, or for null. Raises '
  'RW106 if the word explain is anywhere in the statement, RW001 if no tenant is bound. Security definer: its caller '
  'may not read the table. It runs as the owner, who is bound by the same policies.';

select ragwall.fix_plans('ragwall.agent_document(uuid)', 'generic');

grant execute on function ragwall.agent_document(uuid) to agent_caller;

reset role;
