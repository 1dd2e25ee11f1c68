-- Attack L07 on the searches that bind: they bind as set_tenant() and set_tenant_from_token() do, and no otherwise.
begin;
select plan(20);
select tests.seed();

create table tests.given as
select jwk, tests.token(jwk, '{}') as acme, tests.token(jwk, '{"tenant_id": "globex"}') as globex
from ragwall.add_signing_key('k') as jwk;
grant select on tests.given to public;
create function tests.search(call text, argument text)
  returns text
  language sql
  return format(
    'select string_agg(distinct tenant_id, '' '') from ragwall.%s(%L, tests.vec(0), 10, null);', call, argument
  );
select concat(tests.become(tenant), is(tests.attack(change, attack), answer, 'L07: ' || label))
from
  tests.given,
  coalesce('revoke execute on function ragwall.set_tenant(text) from app_user, app_reader') as signed,
  lateral (
    values
      (null, '', tests.search('search_as', 'acme'), 'acme', 'search_as() searches as the tenant'),
      (null, '', tests.search('search_as', 'acme') || 'select ragwall.current_tenant()', 'acme', 'search_as() binds it'),
      (null, '', replace(tests.search('search_as', 'acme'), 'null', '''{"n": 9}'''), 'nothing', 'search_as() filters'),
      (null, '', replace(tests.search('search_with_token', acme), 'null', '''{"n": 9}'''), 'nothing',
        'search_with_token() filters'),
      ('acme', '', tests.search('search_as', 'acme'), 'acme', 'search_as() binds the same tenant again'),
      ('globex', '', tests.search('search_as', 'acme'), 'RW003 this transaction is already bound to another tenant',
        'search_as() binds no second tenant'),
      (null, '', tests.search('search_as', 'acme') || tests.search('search_as', 'globex'),
        'RW003 this transaction is already bound to another tenant', 'search_as() binds no tenant after its first'),
      (null, '', tests.search('search_as', 'a b'),
        'RW002 the tenant id is expected to be 1 to 128 printable ASCII characters without spaces',
        'search_as() refuses a tenant id that is ill-formed'),
      (null, '', tests.search('search_as', null),
        'RW002 the tenant id is expected to be 1 to 128 printable ASCII characters without spaces',
        'search_as() refuses null'),
      (null, signed, tests.search('search_as', 'acme'), '42501 permission denied for function set_tenant',
        'search_as() names no tenant in signed mode'),
      (null, signed, 'set local role app_reader; ' || tests.search('search_as', 'acme'),
        '42501 permission denied for function set_tenant', 'search_as() names no tenant in signed mode for a reader'),
      ('acme', signed, tests.search('search_as', 'acme'), '42501 permission denied for function set_tenant',
        'search_as() names no tenant in signed mode that is bound already'),
      (null, signed, tests.search('search_with_token', acme), 'acme', 'search_with_token() searches as the tenant of a token'),
      (null, signed, tests.search('search_with_token', acme) || 'select ragwall.current_tenant()', 'acme',
        'search_with_token() binds it'),
      (null, signed, tests.search('search_with_token', acme) || tests.search('search_with_token', globex),
        'RW003 this transaction is already bound to another tenant', 'search_with_token() binds no second tenant'),
      (null, signed, tests.search('search_with_token', overlay(acme placing repeat('A', 43) from length(acme) - 42)),
        'RW005 the token is not accepted', 'search_with_token() refuses a signature of no key'),
      (null, signed, tests.search('search_with_token', 'acme'), 'RW005 the token is not accepted',
        'search_with_token() refuses what is no token'),
      (null, signed, 'reset role; set local role agent_reader; ' || replace(
        tests.search('search_with_token', acme), 'tests.vec(0)', quote_literal(tests.vec(0))), 'acme',
        'search_with_token() searches for agent_reader'),
      (null, '', 'reset role; set local role agent_reader; ' || tests.search('search_as', 'acme'),
        '42501 permission denied for function search_as', 'agent_reader cannot call search_as()'),
      (null, '', 'reset role; set local role agent_caller; ' || replace(
        tests.search('search_with_token', acme), 'tests.vec(0)', quote_literal(tests.vec(0))),
        '42501 permission denied for function search_with_token', 'agent_caller cannot call search_with_token()')
  ) as s (tenant, change, attack, answer, label);

select * from finish();
rollback;
