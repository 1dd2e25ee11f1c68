-- What the pgTAP files share, in the schema tests. To run them on a database of yours:
--
--   psql -X -v ON_ERROR_STOP=1 "$DATABASE_URL" -f db/tests/engine/fixture.sql
--   pg_prove -d "$DATABASE_URL" db/tests/*.sql db/tests/attacks/*.sql
--
-- Both as a superuser, in a test database after db/bootstrap.sql and the migrations, and with no documents. The files
-- roll back what they do. To remove the fixture: drop schema tests cascade; drop extension pgtap.
-- pg_prove comes with pgTAP: on Debian, libtap-parser-sourcehandler-pgtap-perl and postgresql-17-pgtap.

create extension pgtap;

create schema tests;
grant usage on schema tests to public;

create function tests.vec(degrees double precision)
  returns public.halfvec
  language sql
  immutable
  return (
    '[' || cos(radians(degrees)) || ',' || sin(radians(degrees))
    || repeat(',0', ragwall.embedding_dimensions() - 2) || ']'
  )::public.halfvec;

comment on function tests.vec(double precision) is
  'A unit vector at an angle: two of them have the cosine of their difference as similarity.';

create function tests.id(n integer)
  returns uuid
  language sql
  immutable
  return ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;

create function tests.seed()
  returns void
  language sql
begin atomic
  insert into ragwall.documents (
    tenant_id, id, source, position, content, embedding, embedding_model, metadata
  )
  select tenant, tests.id(n), 'shared.md', n, tenant || ' secret ' || n, tests.vec(n * 30),
    'test', jsonb_build_object('n', n, 'tenant', tenant)
  from unnest(array['acme', 'acme-2', 'acm', 'ACME', 'globex', '%', '_', 'public', 'null']) as tenant,
    generate_series(0, 2) as n;
end;

comment on function tests.seed() is
  'Three documents for each of nine tenants with awkward names: the same ids, sources and vectors for all, '
  'at 0, 30 and 60 degrees, with content ''<tenant> secret <n>''.';

create function tests.become(tenant text)
  returns void
  language sql
begin atomic
  select set_config('app.current_tenant', '', true);
  select case when tenant is not null then ragwall.set_tenant(tenant) end;
end;

comment on function tests.become(text) is
  'Replaces the tenant that is bound, which only another transaction could do otherwise. Null binds none.';

create function tests.sign(jwk text, header text, claims jsonb)
  returns text
  language sql
  stable
  return (
    select signed || '.' || ragwall_private.base64url(
      sha256(ragwall_private.pad(key, 92) || sha256(ragwall_private.pad(key, 54) || convert_to(signed, 'UTF8')))
    )
    from (
      select ragwall_private.base64url(convert_to(header, 'UTF8')) || '.'
          || ragwall_private.base64url(convert_to(claims::text, 'UTF8')) as signed,
        decode(translate(jwk::jsonb ->> 'k', '-_', '+/') || '=', 'base64') as key
    ) as s
  );

comment on function tests.sign(text, text, jsonb) is 'A JWT of these claims by HS256, under any header.';

create function tests.token(jwk text, claims jsonb)
  returns text
  language sql
  stable
  return tests.sign(
    jwk,
    format('{"alg":"HS256","kid":"%s"}', jwk::jsonb ->> 'kid'),
    jsonb_strip_nulls(
      jsonb_build_object(
        'tenant_id', 'acme', 'aud', jwk::jsonb -> 'aud',
        'iat', floor(extract(epoch from now())), 'exp', floor(extract(epoch from now())) + 60
      ) || claims
    )
  );

comment on function tests.token(text, jsonb) is
  'A token of acme for a minute from now; claims replace its own, and null takes one away.';

-- The bodies of these are texts, so that they do not keep a test from changing the table.
create function tests.seen()
  returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select string_agg(distinct d.tenant_id, ' ') from ragwall.documents as d
$$;

comment on function tests.seen() is 'The tenants whose documents the caller reads.';

create function tests.enlarge(tenant text)
  returns name
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  insert into ragwall_search.directory (tenant_id, built_at) values (tenant, now());
  perform tests.become(tenant);
  perform ragwall.build_search_table();
  return (select s.relation from ragwall_search.directory as s where s.tenant_id = tenant);
end
$$;

comment on function tests.enlarge(text) is
  'Builds the search table of a tenant, however few documents it has, and returns its name. In one transaction: no other '
  'may be writing. Leaves the tenant bound.';

create function tests.clear()
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  relation regclass;
begin
  for relation in
    select c.oid from pg_class as c
    where c.relnamespace = 'ragwall_search'::regnamespace and c.relkind = 'r' and c.relname ~ '^search_'
  loop
    execute format('drop table %s', relation);
  end loop;
  delete from ragwall.documents;
  delete from ragwall_search.directory;
  delete from ragwall_search.tail;
  delete from ragwall_search.vocabulary;
end
$$;

comment on function tests.clear() is 'Deletes all documents and drops all search tables.';

create function tests.enter_signed_mode()
  returns text
  language plpgsql
as $$
begin
  revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;
  return ragwall.add_signing_key('k');
end
$$;

comment on function tests.enter_signed_mode() is
  'Takes the naming of tenants from the application, and returns a new signing key, which is called k.';

create function tests.altered(routine regprocedure, wall text, breach text)
  returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  definition constant text := pg_get_functiondef(routine);
  altered constant text := replace(definition, wall, breach);
begin
  if altered = definition then
    raise exception '% has no wall %', routine, wall;
  end if;
  return altered || ';';
end
$$;
comment on function tests.altered(regprocedure, text, text) is 'The definition of a function without a wall.';

create function tests.attack(breach text, attack text)
  returns text
  language plpgsql
as $$
declare
  answer text;
begin
  execute breach;
  set local role app_user;
  execute attack into answer;
  raise exception using errcode = 'XX999', message = coalesce(answer, 'nothing');
exception when others then
  return case sqlstate when 'XX999' then sqlerrm else sqlstate || ' ' || sqlerrm end;
end
$$;

comment on function tests.attack(text, text) is
  'What app_user''s statement answers, or how it fails, after a change that takes a wall down. Both are undone.';

create function tests.enable_words(configuration text)
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant text;
begin
  perform ragwall.enable_words(configuration);
  for tenant in select distinct d.tenant_id from ragwall.documents as d loop
    perform tests.become(tenant);
    perform ragwall.fill_words(100000);
  end loop;
  perform tests.become(null);
  update ragwall_search.word_settings set filled = true;
end
$$;

comment on function tests.enable_words(text) is
  'Has all documents searched by words. In one transaction: no other may be writing. Leaves no tenant bound.';
