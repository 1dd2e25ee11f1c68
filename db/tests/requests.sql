-- The tenant of a request is the claim that the owner has chosen, or in signed mode that of the bearer token.
begin;
select plan(72);
select tests.seed();

create role anonymous;
grant usage on schema ragwall_api to anonymous;
grant execute on function ragwall_api.set_tenant_from_request() to anonymous;

create function tests.requested(claims text, headers text default null, caller name default 'app_user')
  returns text
  language plpgsql
as $$
declare
  answer text;
begin
  perform tests.become(null);
  perform set_config('request.jwt.claims', claims, true), set_config('request.headers', headers, true);
  execute format('set local role %I', caller);
  answer := ragwall_api.set_tenant_from_request();
  if caller <> 'anonymous' and answer is distinct from ragwall.current_tenant() then
    return 'another than is bound';
  end if;
  reset role;
  return answer;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;

comment on function tests.requested(text, text, name) is
  'The tenant that is bound by a request with these claims and headers, or the error.';

select is(tests.requested(claims), tenant, label)
from (
  values
    ('{"tenant_id": "acme"}', 'acme', 'the claim names the tenant'),
    ('{"tenant_id": "acme", "role": "authenticated", "app_metadata": {"tenant_id": "globex"}}', 'acme',
      'other claims count for nothing'),
    (null, null, 'no claims bind none'), ('', null, 'empty claims bind none'), ('{}', null, 'no claim binds none'),
    ('{"tenant_id": null}', null, 'a claim that is null binds none'),
    ('{"Tenant_id": "acme"}', null, 'names of claims are compared exactly'),
    ('{"user_metadata": {"tenant_id": "acme"}}', null, 'what users write binds none'),
    ('{"tenant_id": "globex", "tenant_id": "acme"}', 'acme', 'of a claim that is there twice the last counts')
) as c (claims, tenant, label);
select is(tests.requested('{"tenant_id": "acme"}', caller => 'app_reader'), 'acme', 'app_reader is bound, too');
select is(tests.requested('{"tenant_id": "acme"}', caller => 'anonymous'), null, 'a role without rights is not bound');
select is(tests.requested('{"tenant_id": "acme"}', '{"authorization": "Bearer x"}'), 'acme', 'in trusting mode no header counts');

-- What is no good.
select is(tests.requested(claims), 'RW011 the setting request.jwt.claims is expected to be a JSON object', label)
from (
  values
    ('x', 'claims that are no JSON'), ('[]', 'an array'), ('"acme"', 'a text'), ('1', 'a number'), ('null', 'null'),
    ('{"tenant_id": "acme"', 'half an object'), ('{"tenant_id": "a\u0000"}', 'a zero character'),
    -- PGlite hangs where a server says that its stack is too deep.
    (repeat('[', case when version() ~ 'wasm|PGlite|emscripten' then 100 else 100000 end), 'a hundred thousand brackets'),
    (' ', 'a space')
) as c (claims, label);
select is(tests.requested(claims), 'RW012 the claim tenant_id is expected to be a text', format('claim: %s', claims))
from unnest(array[
  '{"tenant_id": 1}', '{"tenant_id": true}', '{"tenant_id": ["acme"]}', '{"tenant_id": {"acme": "acme"}}',
  '{"tenant_id": 1e400}'
]) as claims;
select alike(tests.requested(jsonb_build_object('tenant_id', tenant)::text), 'RW002 the tenant id is expected %', label)
from (
  values ('', 'an empty tenant'), ('a b', 'a space'), (E'acme\n', 'a line'), ('äcme', 'other letters'), ('ac' || chr(8203) || 'me',
    'an invisible letter'), (repeat('a', 129), '129 letters'), (repeat('a', 10000000), '10 MB')
) as t (tenant, label);
select is(
  tests.requested(jsonb_build_object('x', repeat('a', 10000000), 'tenant_id', 'acme')::text), 'acme', '10 MB beside the claim'
);
select is(
  tests.requested('{"tenant_id": "acme"}', caller => agent), '42501 permission denied for function set_tenant_from_request',
  format('%s binds by its token alone', agent)
)
from unnest(array['agent_caller', 'agent_reader']) as agent;

-- Which claim.
select is(ragwall_api.set_tenant_from_request(), null, 'nothing is bound before a claim is read')
from (select tests.become(null), set_config('request.jwt.claims', '', true)) as s;
create function tests.requested_by(path text[], claims text)
  returns text
  language plpgsql
as $$
begin
  update ragwall.tenant_claim as c set path = requested_by.path;
  return tests.requested(claims);
end
$$;
select is(tests.requested_by(path, claims), tenant, format('%s: %s', path, claims))
from (
  values
    (array['app_metadata', 'tenant_id'], '{"app_metadata": {"tenant_id": "acme"}, "tenant_id": "globex"}', 'acme'),
    (array['app_metadata', 'tenant_id'], '{"app_metadata": null, "tenant_id": "globex"}', null),
    (array['app_metadata', 'tenant_id'], '{"app_metadata": "acme"}', null),
    (array['app_metadata', 'tenant_id'], '{"app_metadata": [{"tenant_id": "acme"}]}', null),
    (array['org_id'], '{"org_id": "org_1"}', 'org_1'),
    (array['o', 'id'], '{"o": {"id": "org_1", "rol": "admin"}}', 'org_1'),
    (array['https://example.com/tenant'], '{"https://example.com/tenant": "acme"}', 'acme')
) as p (path, claims, tenant);
select throws_ok(
  format('update ragwall.tenant_claim set path = %L', path), '23514',
  format('new row for relation "tenant_claim" violates check constraint "%s"', name), format('no path: %s', path)
)
from (
  values
    ('{user_metadata,tenant_id}', 'users_write_user_metadata_themselves'),
    ('{unsafe_metadata,tenant_id}', 'users_write_user_metadata_themselves'),
    ('{}', 'path_has_one_to_five_names'), ('{null}', 'path_has_one_to_five_names'),
    ('{{a,b},{c,d}}', 'path_has_one_to_five_names'), ('{a,b,c,d,e,f}', 'path_has_one_to_five_names')
) as p (path, name);
select throws_ok(
  format('set local role %I; %s', role, statement), '42501', 'permission denied for table tenant_claim',
  format('%s: %s', role, statement)
)
from unnest(array['app_user', 'app_reader']) as role,
  unnest(array['update ragwall.tenant_claim set path = ''{x}''', 'delete from ragwall.tenant_claim']) as statement;
select is(tests.requested_by('{tenant_id}', '{"tenant_id": "acme"}'), 'acme', 'the claim can be named again');
savepoint without;
delete from ragwall.tenant_claim;
select is(tests.requested('{"tenant_id": "acme"}'), null, 'without a path none is bound');
rollback to without;

-- Signed mode.
create temp table issued as select tests.enter_signed_mode() as jwk;
grant select on issued to public;
select is(
  tests.requested('{"tenant_id": "globex"}', json_build_object('authorization', scheme || tests.token(jwk, '{}'))::text),
  'acme', format('in signed mode the token of the header counts, after %s, and no claim', scheme)
)
from issued, unnest(array['Bearer ', 'bearer ', 'BEARER  ']) as scheme;
select is(tests.requested('{"tenant_id": "acme"}', headers), null, format('no token binds none: %s', headers))
from unnest(array[null, '', '{}', '{"authorization": null}', '{"authorization": "Basic YTpi"}', '{"authorization": ""}',
  '{"Authorization": "Bearer x"}', '{"authorization": "Bearer a b"}']) as headers;
select is(
  tests.requested('{"tenant_id": "acme"}', headers), answer, format('another token is refused: %s', left(headers, 60))
)
from (
  values
    ('{"authorization": "Bearer x"}', 'RW005 the token is not accepted'),
    (format('{"authorization": "Bearer %s"}', repeat('a', 10000000)), 'RW005 the token is not accepted'),
    ('x', 'RW011 the setting request.headers is expected to be a JSON object')
) as h (headers, answer);
select is(
  tests.requested('{"tenant_id": "acme"}', json_build_object(
    'authorization', 'Bearer ' || tests.token(jwk, '{"exp": 1}'))::text),
  'RW006 the token is authentic, but not valid here and now', 'a token that has expired is refused'
)
from issued;
select is(
  tests.requested('{"tenant_id": "acme"}', '{"authorization": "Bearer x"}', 'anonymous'), null,
  'a role without rights may bring the token of another service'
);

select * from finish();
rollback;
