-- Attacks J07 to J09: in signed mode no setting and no name gives what the token did not.
begin;
select plan(14);
select tests.seed();

create table tests.given as
select jwk, tests.token(jwk, '{}') as acme, tests.token(jwk, '{"tenant_id": "globex"}') as globex
from tests.enter_signed_mode() as jwk;
grant select on tests.given to public;

select tests.become(null);
select is(tests.attack('', attack), answer, format('%s: %s', vector, label))
from
  tests.given,
  coalesce('select string_agg(distinct tenant_id, '' '') from ragwall.documents') as seen,
  format('select ragwall.set_tenant_from_token(%L); ', globex) as bind,
  lateral (
    values
      ('J07', 'a made-up seal is void', format(
        'select set_config(''app.current_tenant'', ''acme'', true), set_config(''app.tenant_seal'', %L, true); ',
        repeat('0', 64)) || seen, 'nothing'),
      ('J07, control', 'the right seal is not void', format(
        'select set_config(''app.current_tenant'', ''acme'', true), set_config(''app.tenant_seal'', %L, true); ',
        (select ragwall_private.seal(inner_key, outer_key, 'acme', '') from ragwall_private.seal_key)) || seen, 'acme'),
      ('J07b', 'the seal of one tenant does not fit another',
        bind || 'select set_config(''app.current_tenant'', ''acme'', true); ' || seen, 'nothing'),
      ('J08h', 'reset all unbinds', bind || 'reset all; ' || seen, 'nothing'),
      ('J08i', 'a second token cannot bind another tenant',
        bind || format('select ragwall.set_tenant_from_token(%L)', acme),
        'RW003 this transaction is already bound to another tenant'),
      ('J08k', 'after reset all nothing but a token binds',
        bind || 'reset all; select ragwall.set_tenant_from_token(''acme'')', 'RW005 the token is not accepted'),
      ('J08k', 'open: after reset all a second token that is valid binds',
        bind || format('reset all; select ragwall.set_tenant_from_token(%L); ', acme) || seen, 'acme'),
      ('J09b', 'no function can be replaced',
        'create or replace function ragwall.current_tenant() returns text language sql return ''acme''',
        '42501 permission denied for schema ragwall')
  ) as j (vector, label, attack, answer);

savepoint bound;
select is(ragwall.set_tenant_from_token(acme), 'acme', 'J08g, control: a token binds in a savepoint') from tests.given;
rollback to bound;
select is(ragwall.current_tenant(), null, 'J08g: with the savepoint the tenant is gone');

-- A schema before pg_catalog in which every comparison holds and every hash is the same. The comparison of seals has bound
-- its names when it was created; that of the expiry, and those of a token, find theirs when they run.
create schema shadows;
grant usage on schema shadows to public;
create function shadows.sha256(bytea) returns bytea language sql immutable as $$select '\x00'::bytea$$;
create function shadows.never(bytea, bytea) returns boolean language sql immutable as $$select false$$;
create function shadows.always(bytea, bytea) returns boolean language sql immutable as $$select true$$;
create operator shadows.<> (function = shadows.never, leftarg = bytea, rightarg = bytea);
create operator shadows.= (function = shadows.always, leftarg = bytea, rightarg = bytea);
create function shadows.before(timestamptz, timestamptz) returns boolean language sql immutable as $$select true$$;
create operator shadows.< (function = shadows.before, leftarg = timestamptz, rightarg = timestamptz);
select tests.become(null);
select from ragwall_private.bind('acme', '1');
select unnest(array[
  is(tests.attack('', path || attack), answer, format('J09: %s', label)),
  is(
    tests.attack(format('alter function ragwall.%s reset search_path', routine), path || attack), 'acme',
    format('J09, control: unless its names were not pinned: %s', routine)
  )
])
from
  tests.given,
  coalesce('set local search_path = shadows, pg_catalog, ragwall_private, public; ') as path,
  lateral (
    values
      ('no other comparison is used on a token', 'set_tenant_from_token(text)', format(
        'select ragwall.set_tenant_from_token(%L)', overlay(acme placing repeat('A', 43) from length(acme) - 42)),
        'RW005 the token is not accepted'),
      ('no other comparison is used on an expiry', 'current_tenant()', 'select ragwall.current_tenant()', 'nothing')
  ) as j (label, routine, attack, answer);

select * from finish();
rollback;
