-- One defect each, one statement away from what was released. Where another check says as much, that one says it.
select *
from (
  values
    ('M06', 'ragwall.set_tenant_from_token(text)', 'a token that nobody verifies', $$
      create or replace function ragwall.set_tenant_from_token(token text) returns text language sql volatile
        parallel unsafe security definer set search_path = pg_catalog, pg_temp as
        'select ragwall.set_tenant(convert_from(decode(split_part(token, ''.'', 2), ''base64''), ''UTF8''))'$$),
    ('M06', 'ragwall_private.seal(bytea, bytea, text, text)', 'a seal that is the same for everybody', $$
      create or replace function ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text, expires text)
        returns text language sql stable parallel restricted return 'sealed'$$),
    ('M06', 'ragwall.current_tenant()', 'a tenant for whoever bound none', $$
      do $f$ begin
        execute tests.altered('ragwall.current_tenant()', 'return null', 'return ''acme''');
      end $f$ $$),
    ('M06', 'ragwall.is_tenant_id(text)', 'a looser tenant id', $$
      create or replace function ragwall.is_tenant_id(tenant text) returns boolean language sql immutable parallel safe
        return tenant is not null$$),
    ('M06', 'ragwall.match_documents(public.halfvec, integer)', 'a function that is missing', $$
      drop function ragwall.match_documents(public.halfvec, integer)$$),
    ('M06', 'ragwall.add_signing_key(text)', 'another owner', 'alter function ragwall.add_signing_key(text) owner to ragwall_owner'),
    ('M06', 'ragwall.set_tenant(text)', 'names looked up in the path of the caller', $$
      alter function ragwall.set_tenant(text) reset search_path$$),
    ('M06', 'ragwall.upsert_documents(jsonb)', 'plans that the caller chooses', $$
      alter function ragwall.upsert_documents(jsonb) reset enable_seqscan$$),
    ('M06', 'ragwall.upsert_documents(jsonb)', 'another plan', $$
      alter function ragwall.upsert_documents(jsonb) set enable_indexscan = off$$),
    ('M06', 'ragwall.upsert_documents(jsonb)', 'a setting more', $$
      alter function ragwall.upsert_documents(jsonb) set row_security = off$$),
    ('M06', 'ragwall.require_tenant()', 'the rights of the owner', $$
      alter function ragwall.require_tenant() security definer$$),
    ('M06', 'ragwall.current_tenant()', 'a result that plans keep', 'alter function ragwall.current_tenant() immutable'),
    ('M06', 'ragwall.embedding_dimensions()', 'before policies', $$
      alter function ragwall.embedding_dimensions() leakproof$$),
    ('M06', 'ragwall.require_tenant()', 'in parallel', 'alter function ragwall.require_tenant() parallel safe'),
    ('M06', 'ragwall.embedding_dimensions()', 'a cheaper call', 'alter function ragwall.embedding_dimensions() cost 0.1'),
    ('M07', 'delete_own_tenant on ragwall.documents', 'a policy of fewer rows', $$
      alter policy delete_own_tenant on ragwall.documents using (tenant_id = (select ragwall.current_tenant())
        and source is null)$$),
    ('M07', 'delete_own_tenant on ragwall.documents', 'a policy for another', $$
      alter policy delete_own_tenant on ragwall.documents to app_user, ragwall_owner, app_reader$$),
    ('M07', 'delete_own_tenant on ragwall.documents', 'a policy that is missing', $$
      drop policy delete_own_tenant on ragwall.documents$$),
    ('M07', 'hasty on ragwall.documents', 'a policy more', $$
      create policy hasty on ragwall.documents for select to app_user using (tenant_id = ragwall.current_tenant())$$),
    ('T01', 'ragwall_search.directory', 'tenants that policies do not hide', $$
      alter table ragwall_search.directory disable row level security$$),
    ('M07', 'tenant_floor on ragwall.documents', 'a floor that lets everything through', $$
      alter policy tenant_floor on ragwall.documents using (true)$$),
    ('M08', 'ragwall.documents.tenant_id', 'no default', 'alter table ragwall.documents alter tenant_id drop default'),
    ('M08', 'ragwall.documents_rows.source', 'statistics of all tenants', $$
      alter table ragwall.documents_rows alter source set statistics 100$$),
    ('M08', 'ragwall.documents.content', 'nothing for content', $$
      alter table ragwall.documents alter content drop not null$$),
    ('M08', 'ragwall.documents.note', 'a column more', 'alter table ragwall.documents add note text'),
    ('M08', 'documents_metadata_check on ragwall.documents', 'a check that is missing', $$
      alter table ragwall.documents drop constraint documents_metadata_check$$),
    ('M08', 'documents_tenant_id_source_position_key on ragwall.documents', 'a key that is missing', $$
      alter table ragwall.documents drop constraint documents_tenant_id_source_position_key$$),
    ('M08', 'tail_by_tenant on ragwall_search.tail', 'an index that is missing', 'drop index ragwall_search.tail_by_tenant'),
    ('M08', 'note_change on ragwall.documents', 'a trigger that does not fire', $$
      alter table ragwall.documents disable trigger note_change$$),
    ('M08', 'note_change on ragwall.documents', 'a trigger that is missing', $$
      drop trigger note_change on ragwall.documents$$),
    ('M08', 'hasty on ragwall.documents', 'an index more', $$
      create index hasty on ragwall.documents (tenant_id, created_at)$$),
    ('M08', 'hasty on ragwall_search.tail', 'a rule more', $$
      create rule hasty as on insert to ragwall_search.tail do also notify hasty$$),
    ('M08', 'ragwall_search.tail', 'a table of another', 'alter table ragwall_search.tail owner to ragwall_context'),
    ('M08', 'ragwall_search.tail', 'a table that a crash empties', 'alter table ragwall_search.tail set unlogged'),
    ('M08', 'schema ragwall_search', 'a schema of another', 'alter schema ragwall_search owner to ragwall_context'),
    ('M09', 'ragwall.set_tenant(text) for shop_staff', 'a function for another', $$
      grant execute on function ragwall.set_tenant(text) to shop_staff$$),
    ('M09', 'ragwall.add_signing_key(text) for PUBLIC', 'a function for everybody', $$
      grant execute on function ragwall.add_signing_key(text) to public$$),
    ('M09', 'ragwall.documents for shop_staff', 'a table for another', 'grant select on ragwall.documents to shop_staff'),
    ('M09', 'ragwall.documents for app_user', 'a column that was not to be written', $$
      grant update (tenant_id) on ragwall.documents to app_user$$),
    ('M09', 'ragwall_search.directory for app_user', 'a table that was for nobody', $$
      grant select on ragwall_search.directory to app_user$$),
    ('M09', 'schema ragwall_private for app_reader', 'a schema', 'grant usage on schema ragwall_private to app_reader'),
    ('P07', 'schema ragwall for app_user', 'new objects', 'grant create on schema ragwall to app_user'),
    ('M09', 'default privileges of ragwall_owner on tables for shop_staff', 'what is created later', $$
      alter default privileges for role ragwall_owner grant select on tables to shop_staff$$),
    ('M09', 'default privileges of ragwall_owner in ragwall on functions for shop_staff', 'what is created later there', $$
      alter default privileges for role ragwall_owner in schema ragwall grant execute on functions to shop_staff$$),
    ('M10', 'ragwall_context', 'a role that makes others', 'alter role ragwall_context createrole'),
    ('M10', 'ragwall_context', 'an owner that logs in', 'alter role ragwall_context login'),
    ('M10', 'ragwall_search', 'a member', 'grant shop_staff to ragwall_search'),
    ('M11', 'function ragwall.match_documents(text)', 'a function of the same name', $$
      create function ragwall.match_documents(query text) returns integer language sql immutable return 1$$),
    ('M11', 'table ragwall_search.hasty', 'a table more', 'create table ragwall_search.hasty (n integer)'),
    ('M11', 'view ragwall.hasty', 'a view', 'create view ragwall.hasty as select 1 as n'),
    ('M11', 'type ragwall_private.hasty', 'a type', $$create type ragwall_private.hasty as enum ('x')$$),
    ('M12', 'event trigger ragwall_close_partitions', 'no event trigger', 'drop event trigger ragwall_close_partitions'),
    ('M12', 'event trigger ragwall_close_partitions', 'one that does not fire', $$
      alter event trigger ragwall_close_partitions disable$$)
) as v (id, object, name, statement)
