-- Attacks E11: whatever stands before the names that our functions use, they find their own.
begin;
select plan(19);
select tests.seed();

create function tests.evil()
  returns boolean
  language plpgsql
as $$
begin
  raise exception 'runs as %', current_user;
end
$$;

create function tests.unqualified(routine regprocedure)
  returns text
  language sql
  return replace(
    replace(pg_get_functiondef(routine), 'from ragwall_private.', 'from '),
    $$'pg_catalog', 'pg_temp'$$, $$'pg_temp', 'pg_catalog', 'ragwall_private'$$
  );

create function tests.repinned(path text)
  returns text
  language sql
  return (
    select string_agg(format('alter function %s %s', p.oid::regprocedure, path), '; ')
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace, 'ragwall_api'::regnamespace)
      and p.prosqlbody is null
  );

select tests.become('globex');
-- What these tests run themselves keeps its names; pg_temp is where somebody has put others.
set local search_path = pg_catalog, public, pg_temp;

create temporary table signing_key as select * from ragwall_private.signing_key limit 0;
insert into pg_temp.signing_key (header, outer_pad, inner_pad) values ('e30', '', '');
create temporary view seal_key as
select null::bytea as inner_key, null::bytea as outer_key, tests.evil() as only_row;
grant select on pg_temp.signing_key, pg_temp.seal_key to public;

select unnest(array[
  is(
    tests.attack('', 'set local search_path = pg_temp, ragwall_private, pg_catalog; ' || attack), answer,
    format('%s: %s', vector, label)
  ),
  alike(tests.attack(tests.unqualified(routine), attack), seen, format('%s, control: with an unqualified name it would', vector))
])
from (
  values
    ('E11', 'set_tenant_from_token() reads no table of keys that somebody made',
      'ragwall.set_tenant_from_token(text)'::regprocedure,
      $$select ragwall.set_tenant_from_token(format('e30.%s.%s', payload, translate(rtrim(encode(
          sha256(sha256(convert_to('e30.' || payload, 'UTF8'))), 'base64'), '='), '+/', '-_')))
        from (values ('e30')) as v (payload)$$,
      'RW005 the token is not accepted', 'P0001 runs as ragwall_context'),
    ('E11b', 'current_tenant() runs no view that somebody made', 'ragwall.current_tenant()',
      'select ragwall.current_tenant()', 'globex', 'P0001 runs as ragwall_context')
) as e (vector, label, routine, attack, answer, seen);

do $$
declare
  name text;
begin
  foreach name in array array['text', 'bytea', 'jsonb', 'int4', 'bool'] loop
    execute format('create domain pg_temp.%I as pg_catalog.%1$I check (tests.evil())', name);
  end loop;
end
$$;

select unnest(array[
  is(
    tests.attack('', 'set local search_path = pg_temp, ragwall, ragwall_private, pg_catalog, public; ' || attack),
    answer, format('E11c: no type stands in for one of %s', call)
  ),
  alike(
    tests.attack(
      tests.repinned('reset search_path'),
      'set local search_path = pg_temp, ragwall, ragwall_private, pg_catalog, public; ' || attack
    ),
    'P0001 runs as %', format('E11c, control: if its names were not pinned one would: %s', call)
  ),
  alike(
    tests.attack(tests.repinned('set search_path = pg_catalog, public'), attack), 'P0001 runs as %',
    format('E11d, control: if pg_temp were not the last of the pinned schemas one would: %s', call)
  )
])
from
  (
    values
      ('current_tenant()', 'globex'), ('set_tenant(''globex'')', 'globex'),
      ('set_tenant_from_token(''x'')', 'RW005 the token is not accepted'),
      ('delete_documents(array[tests.id(0)])', '1'), ('delete_source(''shared.md'', 0)', '3')
  ) as e (call, answer),
  format('select ragwall.%s::pg_catalog.varchar', call) as attack;

select * from finish();
rollback;
