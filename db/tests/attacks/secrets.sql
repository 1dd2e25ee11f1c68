-- Attacks J10 to J16: no privilege, error, function or setting tells a key, or another tenant's rows.
begin;
select plan(26);
select tests.seed();

create table tests.given as
select jwk, tests.token(jwk, '{"tenant_id": "globex"}') as globex, floor(extract(epoch from now())) as at
from tests.enter_signed_mode() as jwk;
grant select on tests.given to public;

create function tests.spy(content text)
  returns text
  language plpgsql
  cost 0.0001
as $$
begin
  if content not like 'globex%' then
    raise exception 'saw %', content;
  end if;
  return content;
end
$$;

select tests.become(null);
select is(tests.attack('', attack), answer, format('%s: %s', vector, label))
from
  tests.given,
  format('select ragwall.set_tenant_from_token(%L); ', globex) as bind,
  lateral (
    values
      ('J10', 'the keys of tokens cannot be read', 'select * from ragwall_private.signing_key',
        '42501 permission denied for schema ragwall_private'),
      ('J10', 'the key of the seals cannot be read', 'select * from ragwall_private.seal_key',
        '42501 permission denied for schema ragwall_private'),
      ('J10', 'nobody binds without a token', 'select ragwall_private.bind(''acme'', '''')',
        '42501 permission denied for schema ragwall_private'),
      ('J10', 'nobody adds a key', 'select ragwall.add_signing_key(''mine'')',
        '42501 permission denied for function add_signing_key'),
      ('J10', 'nobody adds a key for an audience', 'select ragwall.add_signing_key(''mine'', ''x'')',
        '42501 permission denied for function add_signing_key'),
      ('J10', 'nobody retires a key', 'select ragwall.retire_signing_key(''k'')',
        '42501 permission denied for function retire_signing_key'),
      ('J10', 'nobody lists the keys', 'select * from ragwall.signing_keys()',
        '42501 permission denied for function signing_keys'),
      ('J10', 'nobody makes a seal', 'select ragwall_private.seal(''a'', ''b'', ''acme'', '''')',
        '42501 permission denied for schema ragwall_private'),
      ('J14', 'a leaky function sees nothing of another''s', bind || 'select tests.spy(content) from ragwall.documents
        order by position limit 1', 'globex secret 0'),
      ('J16', 'the token stays in no setting', bind || format(
        'select strpos(concat(current_setting(''app.current_tenant''), current_setting(''app.tenant_seal'')), %L)',
        split_part(globex, '.', 3)), '0')
  ) as j (vector, label, attack, answer);

select tests.become(null);
select is(tests.attack(
  'alter table ragwall_private.seal_key disable row level security;
  alter table ragwall_private.signing_key disable row level security;
  grant usage on schema ragwall_private to app_user;
  grant select on all tables in schema ragwall_private to app_user;
  grant execute on all functions in schema ragwall, ragwall_private to app_user', attack
), answer, format('J10, control: with the privileges it could: %s', attack))
from (
  values
    ('select ragwall_private.bind(''acme'', '''')', 'acme'), ('select count(*) from ragwall_private.seal_key', '1'),
    ('select distinct kid from ragwall_private.signing_key', 'k'), ('select kid from ragwall.signing_keys()', 'k')
) as j (attack, answer);

select tests.become(null);
select unnest(array[
  is(
    tests.attack('alter role app_user inherit; grant pg_read_all_data to app_user', attack), '0',
    format('E22b: whoever may read all data reads no key: %s', attack)
  ),
  isnt(
    tests.attack(format('alter role app_user inherit; grant pg_read_all_data to app_user; alter table %s disable row level security', keys), attack),
    '0', format('E22b, control: without row-level security: %s', attack)
  )
])
from unnest(array['ragwall_private.seal_key', 'ragwall_private.signing_key']) as keys,
  format('select count(*) from %s', keys) as attack;

create function tests.told(token text)
  returns text
  language plpgsql
as $$
declare
  state text;
  message text;
  detail text;
  hint text;
  context text;
begin
  perform ragwall.set_tenant_from_token(token);
  return 'accepted';
exception when others then
  get stacked diagnostics
    state = returned_sqlstate, message = message_text, detail = pg_exception_detail, hint = pg_exception_hint,
    context = pg_exception_context;
  return concat_ws(' ', state, message, detail, hint, context);
end
$$;

select unnest(array[
  matches(told, 'set_tenant_from_token', format('J10c, control: an error tells where it is raised: %s', label)),
  ok(
    not exists (
      select
      from
        (
          select inner_key as secret from ragwall_private.seal_key
          union all select outer_key from ragwall_private.seal_key
          union all select inner_pad from ragwall_private.signing_key
          union all select outer_pad from ragwall_private.signing_key
          union all select decode(translate(jwk::jsonb ->> 'k', '-_', '+/') || '=', 'base64')
        ) as s,
        unnest(array['hex', 'base64', 'escape']) as format
      where strpos(told, left(encode(secret, format), 16)) > 0
    ),
    format('J10c: no error tells a key: %s', label)
  )
])
from
  tests.given,
  lateral (
    values ('unsigned', 'x.y.z'), ('expired', tests.token(jwk, jsonb_build_object('exp', at - 1))),
      ('made of no tenant', tests.token(jwk, '{"tenant_id": null}'))
  ) as j (label, token),
  lateral (
    select tests.attack('set local plpgsql.print_strict_params = on', format('select tests.told(%L)', token))
  ) as t (told);

analyze ragwall_private.signing_key;
select unnest(array[
  is(tests.attack('', attack), '0', 'J10b: no statistics tell a key'),
  matches(
    tests.attack('alter table ragwall_private.signing_key disable row level security;
      grant usage on schema ragwall_private to app_user;
      grant select on ragwall_private.signing_key to app_user', attack),
    '^[1-9]', 'J10b, control: to whoever may read it they do'
  )
])
from coalesce($$select count(*) from pg_stats where schemaname = 'ragwall_private'$$) as attack;

select * from finish();
rollback;
