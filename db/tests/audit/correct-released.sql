-- What changes with use, and what a deployment may decide, is as released.
select *
from (
  values
    ('signed mode', 'revoke execute on function ragwall.set_tenant(text) from app_user, app_reader'),
    ('fewer privileges', 'revoke all on ragwall.documents from app_reader'),
    ('logins', $$alter role app_user login password 'x' connection limit 5; create role later in role app_reader$$),
    ('settings of the application', $$alter role app_user set statement_timeout = '5s'$$),
    ('another number of dimensions', $$
      create or replace function ragwall.embedding_dimensions() returns integer language sql immutable parallel safe
        return 5$$),
    ('keys', $$select ragwall.add_signing_key('k')$$),
    ('documents, and search tables of tenants', $$
      select tests.seed(); select tests.enlarge('acme'); select tests.enlarge('globex')$$),
    ('before db/audit-install.sql has run', $sql$
      create or replace function ragwall.pinned_columns() returns table (index regclass, column_name name)
        language plpgsql stable parallel restricted set search_path = pg_catalog, pg_temp as
        $$begin raise exception 'not installed'; end$$$sql$),
    ('without the functions of the audit', $$
      drop function ragwall.fingerprint();
      drop function ragwall.audit(), ragwall.inventory()$$),
    ('other functions of the audit', $$
      create or replace function ragwall.tenant_tables() returns table (relation regclass, tenant_column name, bound
        boolean) language sql stable parallel restricted set search_path = pg_catalog, pg_temp set jit = off
        as 'select null::regclass, null::name, null::boolean'$$),
    ('printed settings', $$
      set local search_path = ragwall, public; set local quote_all_identifiers = on$$),
    ('bodies as a restore creates them', $$
      do $f$ declare routine regprocedure; begin
        for routine in select oid from pg_proc where prosqlbody is not null and pronamespace::regnamespace::text ~ '^ragwall'
        loop execute pg_get_functiondef(routine); end loop;
      end $f$ $$)
) as v (name, statement)
