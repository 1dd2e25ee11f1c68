-- Attacks A10 to A13 and B: what claims a tenant otherwise than by binding it is void.
begin;
select plan(25);
select tests.seed();

select concat(
  tests.become(tenant),
  is(tests.attack('', 'select tests.seen()'), seen, format('A10: %s reads the rows of %s', tenant, seen))
)
from (values ('acme', 'acme'), ('ACME', 'ACME'), ('Acme', 'nothing')) as t (tenant, seen);
select is(
  tests.attack('', $$select ragwall.set_tenant('globex ')$$),
  'RW002 the tenant id is expected to be 1 to 128 printable ASCII characters without spaces',
  'A10b: a name that is padded with spaces is refused'
);
-- The control for what follows: the policies that everybody writes, which trust the setting.
create function tests.trust(expression text)
  returns text
  language sql
  return format(
    'drop policy tenant_floor on ragwall.documents;
    alter policy select_own_tenant on ragwall.documents using (%1$s);
    alter policy insert_own_tenant on ragwall.documents with check (%1$s);
    grant insert (tenant_id) on ragwall.documents to app_user',
    expression
  );

select tests.become('globex');
select unnest(array[
  is(tests.attack('', attack), answer, format('%s: %s', vector, label)),
  alike(
    tests.attack(coalesce(breach, tests.trust($$tenant_id = current_setting('app.current_tenant', true)$$)), attack),
    '%acme%',
    format('%s, control: without the wall that shows acme', vector)
  )
])
from (
  values
    ('A11', 'row_security = off is an error',
      '42501 query would be affected by row-level security policy for table "documents"',
      'alter table ragwall.documents disable row level security',
      'set local row_security = off; select tests.seen()'),
    ('A13', 'a setting that is overwritten shows nothing', 'nothing', null,
      $$select set_config('app.current_tenant', 'acme', true); select tests.seen()$$),
    ('A13b', 'a setting that an expression overwrites shows nothing', 'nothing', null,
      $$select case when set_config('app.current_tenant', 'acme', true) = 'acme' then tests.seen() end$$),
    ('A13c', 'a setting that is overwritten in the statement that reads shows nothing', 'nothing', null,
      $$with forged as materialized (select set_config('app.current_tenant', 'acme', true) as tenant)
        select string_agg(d.content, ' ')
        from forged, lateral (select * from ragwall.documents where tenant_id = tenant offset 0) as d$$),
    ('A13d', 'a setting that is overwritten in a read-only transaction shows nothing', 'nothing', null,
      $$set local transaction_read_only = on;
        select set_config('app.current_tenant', 'acme', true);
        select tests.seen()$$)
) as a (vector, label, answer, breach, attack);

-- Without a tenant.
select tests.become(null);
select unnest(array[
  is(regexp_replace(tests.attack(change, attack), '^(23514) .*', '\1'), answer, format('%s: %s', vector, label)),
  alike(tests.attack(breach, attack), seen, format('%s, control: without the wall that works', vector))
])
from (
  values
    ('B01', 'an empty setting is no tenant', '', 'RW001 no tenant is bound to this transaction',
      'create or replace function ragwall.current_tenant() returns text stable language sql
      return current_setting(''app.current_tenant'', true)', '',
      'select ragwall.require_tenant()'),
    ('B02', 'a row without a tenant is refused', '', 'RW001 no tenant is bound to this transaction',
      'alter table ragwall.documents alter column tenant_id set default ''ghost'';'
      || tests.trust('true'), 'ghost',
      $$insert into ragwall.documents (content, embedding, embedding_model)
        values ('x', tests.vec(0), 'test') returning tenant_id$$),
    ('B02', 'were the empty setting trusted, the table would refuse its row',
      tests.trust($$tenant_id = current_setting('app.current_tenant', true)$$),
      '23514',
      tests.trust($$tenant_id = current_setting('app.current_tenant', true)$$)
      || ';alter table ragwall.documents drop constraint documents_tenant_id_check'
      || ';alter table ragwall_search.stored drop constraint stored_tenant_id_check', 'ghost',
      $$insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
        values ('', 'ghost', tests.vec(0), 'test') returning content$$),
    ('B03', 'a policy for no tenant opens nothing',
      $$create policy careless on ragwall.documents
        using (nullif(current_setting('app.current_tenant', true), '') is null)$$,
      'nothing',
      $$create policy careless on ragwall.documents
        using (nullif(current_setting('app.current_tenant', true), '') is null);
        drop policy tenant_floor on ragwall.documents$$, '%acme%',
      'select tests.seen()')
) as b (vector, label, change, answer, breach, seen, attack);

select tests.become(null);
savepoint batch;
select is(ragwall.set_tenant('acme'), 'acme', 'B08, control: a savepoint can bind a tenant');
savepoint next;
select throws_ok(
  $$select ragwall.set_tenant('globex')$$, 'RW003', null, 'B08: a savepoint within that one cannot bind another tenant'
);
rollback to batch;
select is(ragwall.current_tenant(), null, 'B08: with the savepoint the tenant is gone, and no earlier one is back');

select * from finish();
rollback;
