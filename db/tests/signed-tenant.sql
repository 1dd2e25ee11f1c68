-- A token binds the tenant that it names if a signing key of this database signed it, for now, and not else.
begin;
select plan(56);
select tests.seed();

select is(
  encode(sha256(ragwall_private.pad(key, 92) || sha256(ragwall_private.pad(key, 54) || data)), 'hex'), mac,
  'the pads are those of HMAC-SHA256: ' || label
)
from (
  values
    (decode(repeat('0b', 20), 'hex'), 'Hi There'::bytea,
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7', 'RFC 4231, test case 1'),
    ('Jefe', 'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'RFC 4231, test case 2')
) as v (key, data, mac, label);
select is(ragwall_private.base64url('\xfbff'), '-_8', 'base64url has its own two letters, and no padding');

create temp table issued as
select ragwall.add_signing_key('2026-11') as first, ragwall.add_signing_key('2026.12', 'other') as second;
grant select on issued to public;

select is(
  first::jsonb - 'k',
  jsonb_build_object('kty', 'oct', 'alg', 'HS256', 'kid', '2026-11', 'aud', 'ragwall:' || current_database()),
  'a new key comes as a JWK that says which database it is for'
)
from issued;
select is(length(first::jsonb ->> 'k'), 43, 'a new key has 256 bits') from issued;
select isnt(first::jsonb ->> 'k', second::jsonb ->> 'k', 'another key has other bits') from issued;
select set_eq(
  'select kid, audience from ragwall.signing_keys()',
  format($$values ('2026-11', 'ragwall:%s'), ('2026.12', 'other')$$, current_database()),
  'the keys are listed, without their secrets'
);
select throws_ok(
  format('select ragwall.add_signing_key(%L, %L)', kid, audience), code, null, label
)
from (
  values
    ('2026-11', 'x', 'RW402', 'a name that is taken is refused'),
    ('a"b', 'x', 'RW401', 'a name that would need quoting is refused'),
    (null, 'x', 'RW401', 'null as the name of a key is refused'),
    ('k', 'a b', 'RW401', 'an audience with spaces is refused'),
    ('k', null, 'RW401', 'null as an audience is refused')
) as v (kid, audience, code, label);
select throws_ok(
  $$select ragwall.retire_signing_key('2025')$$, 'RW403', 'there is no signing key of this name',
  'a key that is not there cannot be retired'
);

create temp table tokens as
select tests.token(first, '{}') as acme, tests.token(first, '{"tenant_id": "globex"}') as globex,
  tests.token(second, '{"tenant_id": "globex"}') as second
from issued;
grant select on tokens to public;
set local role app_user;

select is(ragwall.set_tenant_from_token(acme), 'acme', 'a token binds its tenant, and returns it') from tokens;
select is(ragwall.current_tenant(), 'acme', 'the tenant of a token is that of the transaction');
select is(ragwall.set_tenant_from_token(acme), 'acme', 'a token of the tenant that is bound is accepted again') from tokens;
select from set_config('app.current_tenant', '', true);
select is(ragwall.set_tenant_from_token(second), 'globex', 'several keys are accepted at once') from tokens;
select from set_config('app.current_tenant', '', true);

reset role;
select is(
  ragwall.set_tenant_from_token(tests.sign(first, header, jsonb_build_object(
    'tenant_id', 'acme', 'aud', first::jsonb -> 'aud', 'iat', extract(epoch from now()), 'exp', extract(epoch from now()) + 300
  ))),
  'acme', 'a header may be ' || header
)
from issued,
  unnest(array[
    '{"alg":"HS256","kid":"2026-11"}', '{"alg":"HS256","typ":"JWT","kid":"2026-11"}',
    '{"typ":"JWT","alg":"HS256","kid":"2026-11"}', '{"kid":"2026-11","typ":"JWT","alg":"HS256"}'
  ]) as header;
select from set_config('app.current_tenant', '', true);

select throws_ok(
  format('select ragwall.set_tenant_from_token(%L)', tests.token(first, claims)), 'RW006',
  'the token is authentic, but not valid here and now', label || ' is not accepted'
)
from issued,
  lateral (select floor(extract(epoch from now()))) as e (at),
  lateral (
    values
      (jsonb_build_object('exp', at - 1), 'an expired token [J05]'),
      (jsonb_build_object('iat', at - 400, 'exp', at + 1), 'a lifetime of 401 seconds [J05b]'),
      (jsonb_build_object('iat', at + 30), 'a token that was issued in the future [J05d]'),
      (jsonb_build_object('nbf', at + 30), 'a token that is not valid yet'),
      ('{"aud": "other"}', 'the audience of another database [J05c]'),
      ('{"aud": null}', 'a token without an audience'),
      (jsonb_build_object('aud', jsonb_build_array(first::jsonb -> 'aud')), 'a list of audiences'),
      ('{"exp": null}', 'a token without an end'),
      ('{"iat": null}', 'a token without a beginning'),
      (jsonb_build_object('exp', (at + 60)::text), 'an end that is a text'),
      (jsonb_build_object('iat', at::text), 'an issue that is a text'),
      (jsonb_build_object('iat', at, 'exp', at + 301), 'a lifetime of 301 seconds'),
      (jsonb_build_object('exp', extract(epoch from now()) + 0.001), 'a token that expired since the transaction began'),
      ('{"nbf": "soon"}', 'a beginning that is a text'),
      ('{"tenant_id": null}', 'a token without a tenant'),
      ('{"tenant_id": ""}', 'an empty tenant'),
      ('{"tenant_id": 7}', 'a tenant that is a number'),
      ('{"tenant_id": ["acme"]}', 'a list of tenants'),
      ('{"tenant_id": "a b"}', 'an ill-formed tenant')
  ) as v (claims, label);

select throws_ok(
  format('select ragwall.set_tenant_from_token(%L)', bad), 'RW005', 'the token is not accepted',
  label || ' is not accepted'
)
from tokens,
  lateral (
    values
      (null, 'null'), ('', 'the empty text'), ('a.b.c', 'a text of three letters'), (acme || 'A', 'a longer signature'),
      (acme || '.e30', 'a fourth segment [J04c]'), (left(acme, -1), 'a shorter signature'), (acme || E'\n', 'a line feed'),
      (split_part(acme, '.', 1) || '.' || split_part(globex, '.', 2) || '.' || split_part(acme, '.', 3),
        'another token''s signature [J04]')
  ) as v (bad, label);

select throws_ok(
  format('select ragwall.set_tenant_from_token(%L)', token), code, null, label || ' is not accepted'
)
from issued,
  lateral (select floor(extract(epoch from now()))) as e (at),
  lateral (select jsonb_build_object('tenant_id', 'acme', 'aud', first::jsonb -> 'aud', 'iat', at, 'exp', at + 60))
    as c (claims),
  lateral (select ragwall.add_signing_key('list', '["x"]')) as l (listed),
  lateral (
    values
      (tests.sign(first, '{"alg":"HS256",', claims), 'RW005', 'the beginning of a header'),
      (tests.sign(first, '{"alg":"none","kid":"2026-11"}', claims), 'RW005', 'no algorithm, with a signature [J02b]'),
      (tests.sign(first, '{"alg":"HS256","kid":"2026.12"}', claims), 'RW005', 'the name of another key'),
      (tests.token(first, jsonb_build_object('more', repeat('x', 900))), 'RW005', 'a token of more than 1200 bytes'),
      (tests.token(listed, '{"aud": ["x"]}'), 'RW006', 'a list that reads like the audience')
  ) as v (token, code, label);

select ragwall.retire_signing_key('2026-11');
set local role app_user;
select throws_ok(
  format('select ragwall.set_tenant_from_token(%L)', acme), 'RW005', 'the token is not accepted',
  'a token of a retired key is not accepted'
)
from tokens;
select is(ragwall.set_tenant_from_token(second), 'globex', 'a token of a key that was not retired is accepted') from tokens;
select from set_config('app.current_tenant', '', true);

reset role;
delete from ragwall_private.seal_key;
set local role app_user;
select throws_ok(
  format('select ragwall.set_tenant_from_token(%L)', left(second, -43) || right(acme, 43)), 'RW005',
  'the token is not accepted', 'a wrong signature is not accepted when the key of the seals is missing'
)
from tokens;

select * from finish();
rollback;
