-- The tenant context: bound once, to one transaction, and only by set_tenant().
begin;
select plan(29);
select tests.seed();
set local role app_user;

select is(ragwall.current_tenant(), null, 'without set_tenant there is no tenant');
select is_empty('select id from ragwall.documents', 'without a tenant there are no rows');
select throws_ok(
  'select ragwall.require_tenant()', 'RW001', 'no tenant is bound to this transaction', 'what needs a tenant says so'
);

select throws_ok(
  format('select ragwall.set_tenant(%L)', bad), 'RW002',
  'the tenant id is expected to be 1 to 128 printable ASCII characters without spaces',
  format('%s cannot be a tenant', label)
)
from (
  values
    (null, 'null'), ('', 'the empty text'), (' ', 'a space'), ('acme ', 'a trailing space'),
    ('a' || chr(10), 'a line feed'), ('ä', 'a letter outside ASCII'), (repeat('a', 129), '129 letters'),
    (chr(127), 'a control character')
) as bad (bad, label);

select is(ragwall.set_tenant('acme'), 'acme', 'set_tenant returns the tenant it bound');
select is(ragwall.current_tenant(), 'acme', 'current_tenant() returns the tenant that is bound');
select is(ragwall.set_tenant('acme'), 'acme', 'binding the same tenant again is harmless');
select throws_ok(
  $$select ragwall.set_tenant('globex')$$, 'RW003', 'this transaction is already bound to another tenant',
  'B11: a transaction that is bound to one tenant cannot be bound to another'
);
select is(ragwall.current_tenant(), 'acme', 'B11: a refused switch leaves the tenant bound');

select is(
  (select string_agg(distinct tenant_id, ',') from ragwall.documents), 'acme', 'the rows are those of the tenant'
);

select from set_config('app.current_tenant', 'globex', true);
select is(ragwall.current_tenant(), null, 'a setting that was overwritten does not fit the seal');
select is_empty('select id from ragwall.documents', 'with a setting that was overwritten no row is visible');
select from set_config('app.current_tenant', 'acme', true);
select is(ragwall.current_tenant(), 'acme', 'the seal fits its own tenant');
select from set_config('tests.seal', current_setting('app.tenant_seal'), true);
select from current_setting('tests.seal') as seal,
  set_config(
    'app.tenant_seal', left(seal, -1) || translate(right(seal, 1), '0123456789abcdef', '123456789abcdef0'), true
  );
select is(ragwall.current_tenant(), null, 'a seal with another last digit does not fit');
select from set_config('app.tenant_seal', upper(current_setting('tests.seal')), true);
select is(ragwall.current_tenant(), null, 'a seal in capitals does not fit');
select from set_config('app.tenant_seal', repeat('0', 64), true);
select is(ragwall.current_tenant(), null, 'a made-up seal does not fit');
select from set_config('app.tenant_seal', '', true);
select is(ragwall.current_tenant(), null, 'an empty seal does not fit');

reset role;
select is(
  (select ragwall_private.seal(k.inner_key, k.outer_key, 'acme', '1700000000') from ragwall_private.seal_key as k),
  (
    select encode(sha256(k.outer_key || sha256(
      k.inner_key || int4send(pg_backend_pid()) || timestamptz_send(now()) || '1700000000 acme'::bytea
    )), 'hex') || '1700000000'
    from ragwall_private.seal_key as k
  ),
  'a seal is over the backend, the start of the transaction, the expiry and the tenant, by both halves of the key'
);
select cmp_ok(
  (
    select count(distinct get_byte(k.inner_key || k.outer_key, n))::integer
    from ragwall_private.seal_key as k, generate_series(0, 127) as n
  ),
  '>', 64, 'the halves of the key are random'
);
select isnt(inner_key, outer_key, 'the halves of the key differ') from ragwall_private.seal_key;
select from set_config('app.current_tenant', '', true);
select from ragwall_private.seal_key,
  set_config('app.tenant_seal', ragwall_private.seal(inner_key, outer_key, '', ''), true);
select is(ragwall.current_tenant(), null, 'the empty text is no tenant, even if it were sealed');
select from set_config('app.tenant_seal', '', true);
delete from ragwall_private.seal_key;
set local role app_user;
select throws_ok(
  $$select ragwall.set_tenant('acme')$$, 'RW004', 'no tenant can be bound, because the key of the seals is missing',
  'without the key nothing can be bound'
);

select * from finish();
rollback;
