--! Previous: sha1:cb763d6d5e67237548776d5fc2603288671c8e25
--! Hash: sha1:6526c04932b94e61eb2db275cee17a62a2fb9912
--! Message: delete-documents

-- Deletion. Nobody has DELETE on the table, because it would allow LOCK TABLE, which stops all tenants. So these
-- functions are security definer. Their owner is bound by the same policies, which are forced.

set local role ragwall_owner;

create function ragwall.delete_documents(ids uuid[])
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_custom_plan
  set enable_seqscan = off
  set jit = off
as $$
declare
  tenant constant text := ragwall.require_tenant();
  deleted integer;
begin
  with locked as (
    select d.id
    from ragwall.documents as d
    where d.tenant_id = tenant
      and d.id = any (ids)
    order by d.id
    for update
  )
  delete from ragwall.documents as d
  using locked
  where d.tenant_id = tenant
    and d.id = locked.id;
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

comment on function ragwall.delete_documents(uuid[]) is
  'Deletes documents of the bound tenant by id, and returns how many were deleted. Ids that the tenant does not have, '
  'which another tenant may have, are ignored; null deletes none. Raises RW001 if no tenant is bound. Security '
  'definer: no application role may delete. It runs as the owner, who is bound by the same policies.';

grant execute on function ragwall.delete_documents(uuid[]) to app_user;

create function ragwall.delete_source(source text, from_position integer)
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_custom_plan
  set enable_seqscan = off
  set jit = off
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  deleted integer;
begin
  with locked as (
    select d.id
    from ragwall.documents as d
    where d.tenant_id = tenant
      and d.source = delete_source.source
      and d.position >= from_position
    order by d.id
    for update
  )
  delete from ragwall.documents as d
  using locked
  where d.tenant_id = tenant
    and d.id = locked.id;
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

comment on function ragwall.delete_source(text, integer) is
  'Deletes the documents of one source of the bound tenant, from a position on, and returns how many were deleted. '
  'from_position: 0 deletes all. A null argument deletes none. Raises RW001 if no tenant is bound. Security definer: '
  'no application role may delete. It runs as the owner, who is bound by the same policies.';

grant execute on function ragwall.delete_source(text, integer) to app_user;

reset role;
