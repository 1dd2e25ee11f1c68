-- Attacks J00 to J06: nothing but a token that a key signed, for here and now, binds a tenant.
begin;
select plan(14);
select tests.seed();

create table tests.given as
select
  jwk, tests.token(jwk, '{}') as acme, floor(extract(epoch from now())) as at,
  format('{"kid": "k", "aud": "ragwall:%s", "k": "%s"}', current_database(), repeat('A', 43)) as other
from tests.enter_signed_mode() as jwk;

create function tests.read_by(token text, breach text)
  returns text
  language sql
begin atomic
  select tests.become(null);
  select tests.attack(
    breach,
    format('select ragwall.set_tenant_from_token(%L); select string_agg(distinct tenant_id, '' '') from ragwall.documents',
      token)
  );
end;

select is(tests.read_by(acme, ''), 'acme', 'J00: a valid token reads the rows of its tenant') from tests.given;
select is(tests.attack('', attack), answer, format('J01: without a token %s', label))
from (
  values
    ('nothing is read', 'select content from ragwall.documents', 'nothing'),
    ('nobody is anybody', $$select ragwall.set_tenant('acme')$$, '42501 permission denied for function set_tenant')
) as j (label, attack, answer);

select is(tests.read_by(token, ''), 'RW005 the token is not accepted', format('%s: refused: %s', vector, label))
from
  tests.given,
  regexp_split_to_array(acme, '\.') as a,
  jsonb_build_object('tenant_id', 'acme', 'aud', jwk::jsonb -> 'aud', 'iat', at, 'exp', at + 60) as claims,
  coalesce('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') as alphabet,
  lateral (
    values
      ('J02', 'no algorithm and no signature', concat_ws('.', ragwall_private.base64url('{"alg":"none"}'), a[2], '')),
      ('J03', 'another algorithm, signed with the key', tests.sign(jwk, '{"alg":"HS512","kid":"k"}', claims)),
      ('J03', 'a header in other words, signed with the key', tests.sign(jwk, '{"alg": "HS256","kid":"k"}', claims)),
      ('J03b', 'SQL for the name of a key', tests.sign(jwk, '{"alg":"HS256","kid":"'' or true --"}', claims)),
      ('J03b', 'a path for the name of a key', tests.sign(other, '{"alg":"HS256","kid":"/dev/null"}', claims)),
      ('J03c', 'another key', tests.token(other, '{}')),
      ('J04b', 'another spelling of the signature', overlay(acme placing
        substr(alphabet, strpos(alphabet, right(acme, 1)) + 1, 1) from length(acme)))
  ) as j (vector, label, token);

-- What the wall was, in each case: the comparison of signatures, or of the claims with here and now.
create function tests.altered(wall text, breach text)
  returns text
  language sql
  return replace(pg_get_functiondef('ragwall.set_tenant_from_token(text)'::regprocedure), wall, breach);

select is(tests.read_by(token, breach), 'acme', label)
from
  tests.given,
  lateral (
    values
      ('J04, control: without the comparison of signatures another key will do',
        tests.token(other, '{}'),
        tests.altered('<> sha256', '= sha256')),
      ('J05, control: without the comparison of times an old token will do',
        tests.token(jwk, jsonb_build_object('iat', at - 60, 'exp', at)),
        tests.altered('::numeric > at', '::numeric > 0'))
  ) as j (label, token, breach);

select is(tests.read_by(token, breach), answer, label)
from
  tests.given,
  lateral (
    values
      ('J06, open: whoever has a token can use it again until it expires', acme, '', 'acme'),
      ('J06: a token of a key that was retired is refused', acme, 'select ragwall.retire_signing_key(''k'')',
        'RW005 the token is not accepted')
  ) as j (label, token, breach, answer);

select * from finish();
rollback;
