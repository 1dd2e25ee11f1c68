-- Every privilege in the schemas of Ragwall that anyone but an object's owner holds.
begin;
select plan(5);

select set_eq(
  $$
    with acls as (
      select 'schema' as kind, n.nspname::text as object, a.*, n.nspowner as owner
      from pg_namespace as n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
      where n.nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
      union all
      select case c.relkind when 'S' then 'sequence' else 'table' end,
        c.relname, a.*, c.relowner
      from pg_class as c,
        aclexplode(coalesce(
          c.relacl, acldefault((case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner)
        )) as a
      where c.relnamespace in (
        'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
        'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
      union all
      select 'column', c.relname || '.' || t.attname, a.*, c.relowner
      from pg_class as c
      join pg_attribute as t on t.attrelid = c.oid,
        aclexplode(t.attacl) as a
      where c.relnamespace in (
        'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
        'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
      union all
      select 'function', p.oid::regprocedure::text, a.*, p.proowner
      from pg_proc as p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
      where p.pronamespace in (
        'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
        'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
      union all
      select 'type', t.oid::regtype::text, a.*, t.typowner
      from pg_type as t, aclexplode(t.typacl) as a
      where t.typnamespace in (
        'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
        'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
    )
    select
      case grantee when 0 then 'public' else grantee::regrole::text end
      || ': ' || lower(privilege_type) || ' on ' || kind || ' ' || object
      || case when is_grantable then ' with grant option' else '' end
    from acls
    where grantee <> owner
  $$,
  $$
    values
      ('agent_caller: usage on schema ragwall'), ('agent_reader: usage on schema ragwall'),
      ('app_reader: usage on schema ragwall'), ('app_user: usage on schema ragwall'),
      ('ragwall_context: usage on schema ragwall'),
      ('ragwall_search: usage on schema ragwall'), ('ragwall_search: usage on schema ragwall_search'),
      ('app_user: usage on schema ragwall_search'),
      ('ragwall_search: select on table directory'), ('ragwall_search: select on table tail'),
      ('ragwall_search: select on table words'), ('ragwall_search: select on table vocabulary'), ('ragwall_search: select on table word_settings'),
      -- What the trigger needs that runs as whoever writes.
      ('app_user: select on column directory.tenant_id'),
      ('app_user: insert on column tail.tenant_id'), ('app_user: insert on column tail.id')
    union all
    -- The partition, for the search alone: no created_at, no embedding_model, and nothing to write.
    select format('ragwall_search: select on column documents_rows.%s', col)
    from unnest(array['tenant_id', 'id', 'source', 'position', 'content', 'embedding', 'metadata']) as col
    union all
    -- No delete, truncate, references, trigger or maintain on a table for anyone; for nobody else anything on the partition.
    select format('%s: select on column documents.%s', role, col)
    from unnest(array['app_reader', 'agent_reader', 'app_user']) as role,
      unnest(array[
        'tenant_id', 'id', 'source', 'position', 'content', 'embedding', 'embedding_model', 'metadata', 'created_at'
      ]) as col
    union all
    -- No insert on documents.tenant_id, none on documents.created_at.
    select format('app_user: insert on column documents.%s', col)
    from unnest(array['id', 'source', 'position', 'content', 'embedding', 'embedding_model', 'metadata']) as col
    union all
    -- No update on documents.tenant_id, documents.id, documents.source, documents.position.
    select format('app_user: update on column documents.%s', col)
    from unnest(array['content', 'embedding', 'embedding_model', 'metadata']) as col
    union all
    -- The view, by column where there are privileges on columns. Nothing for agents.
    select format('%s: %s', role, privilege)
    from (
      values
        ('app_user', 'delete on table passages'), ('app_user', 'select on table passages'),
        ('app_reader', 'select on table passages')
    ) as p (role, privilege)
    union all
    select format('app_user: %s on column passages.%s', privilege, col)
    from unnest(array['insert', 'update']) as privilege,
      unnest(array['id', 'source', 'position', 'content', 'metadata', 'embedding', 'embedding_model']) as col
    union all
    select format('%s: %s', role, privilege)
    from unnest(array['app_user', 'app_reader']) as role,
      unnest(array[
        'usage on schema ragwall_api', 'select on column tenant_claim.only_row', 'select on column tenant_claim.path'
      ]) as privilege
    union all
    -- No set_tenant(text) for agents, and for nobody the functions of the signing keys, index_plan(), and those that
    -- build, measure and drop search tables.
    select format('%s: execute on function %s', role, name)
    from (
      values
        ('ragwall.current_tenant()', 'agent_caller, agent_reader, app_reader, app_user, ragwall_owner, ragwall_search'),
        ('ragwall.migration()', 'agent_caller, agent_reader, app_reader, app_user'),
        ('ragwall.embedding_dimensions()', 'agent_caller, agent_reader, app_reader, app_user, ragwall_search'),
        ('ragwall.fix_plans(regprocedure,text)', 'ragwall_search'),
        ('ragwall.is_tenant_id(text)', 'app_reader, app_user, ragwall_context'),
        ('ragwall.require_tenant()', 'agent_reader, app_reader, app_user, ragwall_search'),
        ('ragwall.set_tenant(text)', 'app_reader, app_user, ragwall_owner'),
        ('ragwall.refuse_search(halfvec,integer)', 'ragwall_search'),
        ('ragwall_search.search_table(ragwall_search.directory,halfvec,integer,jsonb,jsonpath)', 'ragwall_search'),
        ('ragwall.filter_path(jsonb)', 'agent_reader, app_reader, app_user, ragwall_search'),
        ('ragwall.join_conditions(text[],text)', 'agent_reader, app_reader, app_user, ragwall_search'),
        ('ragwall.filter_condition(jsonb,integer)', 'agent_reader, app_reader, app_user, ragwall_search'),
        ('ragwall.field_condition(text,jsonb,integer)', 'agent_reader, app_reader, app_user, ragwall_search'),
        ('ragwall_search.range_key(jsonb)', 'ragwall_search'),
        ('ragwall_search.range_condition(jsonb,text[])', 'ragwall_search'),
        ('ragwall_search.with_bigrams(text)', 'ragwall_search'),
        ('ragwall_search.terms_of(text,text)', 'ragwall_search'),
        ('ragwall_search.question_words(ragwall_search.directory,ragwall_search.word_settings,text,text)',
          'ragwall_search'),
        ('ragwall_search.best_by_words(text,text,integer,jsonb)', 'ragwall_search'),
        ('ragwall.words_configuration()', 'agent_caller, agent_reader, app_reader, app_user'),
        ('ragwall.search_words(text,integer,jsonb)', 'agent_reader, app_reader, app_user, ragwall_owner'),
        ('ragwall.match_hybrid(halfvec,text,integer,jsonb,double precision)',
          'agent_reader, app_reader, app_user, ragwall_owner'),
        ('ragwall.agent_match_hybrid(halfvec,text,integer,jsonb)', 'agent_caller'),
        ('ragwall.search_documents(halfvec,integer,jsonb)', 'agent_reader, app_reader, app_user, ragwall_owner'),
        ('ragwall.search_as(text,halfvec,integer,jsonb)', 'app_reader, app_user'),
        ('ragwall.search_with_token(text,halfvec,integer,jsonb)', 'agent_reader, app_reader, app_user'),
        ('ragwall.catch_up(integer)', 'app_user'),
        ('ragwall.match_documents(halfvec,integer)', 'agent_reader, app_reader, app_user'),
        ('ragwall.match_documents(halfvec,integer,jsonb)', 'agent_reader, app_reader, app_user'),
        ('ragwall_api.match_passages(halfvec,double precision,jsonb)', 'app_reader, app_user'),
        ('ragwall_api.set_tenant_from_request()', 'app_reader, app_user'),
        ('ragwall.document_id(text,text,integer)', 'app_user'),
        ('ragwall.upsert_documents(jsonb)', 'app_user'),
        ('ragwall.delete_documents(uuid[])', 'app_user'),
        ('ragwall.delete_matching(jsonb)', 'app_user'),
        ('ragwall.delete_source(text,integer)', 'app_user'),
        ('ragwall.set_tenant_from_token(text)', 'agent_caller, agent_reader, app_reader, app_user'),
        ('ragwall.agent_document(uuid)', 'agent_caller'),
        ('ragwall.agent_match_documents(halfvec,integer,jsonb,boolean)', 'agent_caller')
    ) as f (name, roles),
      unnest(string_to_array(roles, ', ')) as role
  $$,
  'nobody holds any privilege but these'
);

select is_empty(
  $$
    select defaclrole::regrole, defaclobjtype, a.*
    from pg_default_acl, aclexplode(defaclacl) as a
    where defaclrole in ('ragwall_owner'::regrole, 'ragwall_context'::regrole, 'ragwall_search'::regrole)
      and a.grantee <> defaclrole
  $$,
  'what the owners create later is granted to nobody by default'
);

select set_eq(
  $$
    select defaclrole::regrole::text
    from pg_default_acl
    where defaclobjtype = 'f'
      and defaclnamespace = 0
      and defaclrole in ('ragwall_owner'::regrole, 'ragwall_context'::regrole, 'ragwall_search'::regrole)
  $$,
  array['ragwall_owner', 'ragwall_context', 'ragwall_search'], 'functions that the owners create later are not executable by everybody'
);

select is_empty(
  $$
    select role, privilege
    from
      unnest(array[
        'app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_owner', 'ragwall_context', 'ragwall_search'
      ]) as role,
      unnest(array['temporary', 'create']) as privilege
    where has_database_privilege(role, current_database(), privilege)
  $$,
  'no role of ours may create temporary objects or schemas'
);

select is_empty(
  $$
    select role, n.nspname
    from unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_search']) as role, pg_namespace as n
    where has_schema_privilege(role, n.oid, 'create')
  $$,
  'applications, agents and the owner of the search may create objects in no schema'
);

select * from finish();
rollback;
