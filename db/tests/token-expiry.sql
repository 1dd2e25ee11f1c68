-- A tenant that a token bound is bound until the token has expired, and SQL cannot change when that is.
begin;
select plan(32);
select tests.seed();

create function tests.bind_for(tenant text, seconds integer)
  returns text
  language sql
  return ragwall_private.bind(tenant, (floor(extract(epoch from now())) + seconds)::text);
comment on function tests.bind_for(text, integer) is
  'Binds as a token does whose binding ends so many seconds after the transaction began.';

create function tests.bound_for()
  returns text
  language sql
  return nullif(substr(current_setting('app.tenant_seal'), 65), '')::bigint - floor(extract(epoch from now()));
comment on function tests.bound_for() is 'How many seconds after the transaction began the binding ends; null for never.';

create table tests.given as select ragwall.add_signing_key('k') as jwk;
select from tests.given, ragwall.set_tenant_from_token(tests.token(jwk, '{}'));
select is(tests.bound_for(), '65', 'a token binds its tenant until 5 seconds after it has expired');
select from tests.given,
  ragwall.set_tenant_from_token(tests.token(jwk, jsonb_build_object('exp', floor(extract(epoch from now())) + 90.9)));
select is(tests.bound_for(), '95', 'a token that expires later prolongs the binding; of its exp the whole seconds count');
select from tests.given, ragwall.set_tenant_from_token(tests.token(jwk, '{}'));
select is(tests.bound_for(), '95', 'a token that expires earlier does not shorten it');
select is(tests.attack('', 'select tests.seen()'), 'acme', 'until then the rows are those of the tenant');

select tests.become(null);
select from tests.bind_for('acme', -1);
select is(tests.attack('', attack), answer, format('once it has expired %s', label))
from
  coalesce('RW001 the token that bound a tenant to this transaction has expired') as expired,
  lateral (
    values
      ('no tenant is bound', 'select ragwall.current_tenant()', 'nothing'),
      ('no row is visible', 'select tests.seen()', 'nothing'),
      ('what needs a tenant says so', 'select ragwall.require_tenant()', expired),
      ('a search says so', 'select ragwall.match_documents(tests.vec(0), 1)', expired),
      ('an upsert says so', $$select ragwall.upsert_documents('[{"content": "x", "source": "x", "position": 0}]')$$, expired),
      ('a deletion says so', 'select ragwall.delete_documents(array[tests.id(0)])', expired),
      ('so does one by a filter', 'select ragwall.delete_matching(''{"n": 0}'')', expired),
      ('an insert says so',
        $$insert into ragwall.documents (content, embedding, embedding_model) values ('x', tests.vec(0), 'test')$$, expired),
      ('no row is changed', $$update ragwall.documents set content = 'x' returning content$$, 'nothing'),
      ('another tenant cannot be bound', $$select ragwall.set_tenant('globex')$$,
        'RW003 this transaction is already bound to another tenant'),
      ('whoever may name it binds the tenant again', $$select ragwall.set_tenant('acme'); select tests.seen()$$, 'acme'),
      ('a token binds the tenant again',
        format('select ragwall.set_tenant_from_token(%L); select tests.seen()',
          (select tests.token(jwk, '{}') from tests.given)), 'acme'),
      ('a token of another tenant is refused',
        format('select ragwall.set_tenant_from_token(%L)',
          (select tests.token(jwk, '{"tenant_id": "globex"}') from tests.given)),
        'RW003 this transaction is already bound to another tenant'),
      ('an error does not say so if nothing was bound',
        $$select set_config('app.tenant_seal', '', true); select ragwall.require_tenant()$$,
        'RW001 no tenant is bound to this transaction'),
      ('an error does not fail over what somebody wrote there',
        $$select set_config('app.tenant_seal', repeat('0', 64) || 'x', true); select ragwall.require_tenant()$$,
        'RW001 no tenant is bound to this transaction')
  ) as v (label, attack, answer);

-- The setting is the seal's 64 digits and then the expiry, so SQL can write any other there.
select is(tests.attack('', format(
  'select set_config(''app.current_tenant'', %s, true), set_config(''app.tenant_seal'', %s, true); select %s',
  tenant, seal, 'ragwall.current_tenant()'
)), answer, format('SQL cannot prolong it: %s', label))
from
  coalesce('left(current_setting(''app.tenant_seal''), 64)') as digits,
  coalesce('substr(current_setting(''app.tenant_seal''), 65)') as expires,
  lateral (
    values
      ('a later expiry', '''acme''', digits || ' || (' || expires || '::bigint + 3600)', 'nothing'),
      ('a digit more', '''acme''', digits || ' || ' || expires || ' || ''0''', 'nothing'),
      ('no expiry', '''acme''', digits, 'nothing'),
      ('an expiry that is no number', '''acme''', digits || ' || ''infinity''', 'nothing'),
      ('the expiry in the tenant', expires || ' || ''acme''', digits, 'nothing'),
      ('the expiry and the space in the tenant', expires || ' || '' acme''', digits, 'nothing'),
      ('a part of the expiry in the tenant', 'substr(' || expires || ', 5) || '' acme''',
        digits || ' || left(' || expires || ', 4)', 'nothing')
  ) as v (label, tenant, seal, answer);

-- What an earlier binding of the transaction leaves in hand is an earlier expiry.
select tests.become(null);
select from tests.bind_for('acme', -1);
select from set_config('tests.earlier', current_setting('app.tenant_seal'), true);
select from tests.bind_for('acme', 60);
select is(ragwall.current_tenant(), 'acme', 'prolonged, it is bound');
select from set_config('app.tenant_seal', current_setting('tests.earlier'), true);
select is(ragwall.current_tenant(), null, 'the seal of before it was prolonged has expired');

select tests.become('acme');
select is(tests.bound_for(), null, 'a tenant that was bound by its name is bound for the whole transaction');
select from tests.bind_for('acme', -1);
select is(ragwall.current_tenant(), 'acme', 'a token does not shorten that');
select tests.become(null);
select from tests.bind_for('acme', 60);
select from ragwall.set_tenant('acme');
select is(tests.bound_for(), null, 'whoever may name the tenant prolongs the binding of a token to the whole transaction');

select tests.become(null);
select from ragwall_private.bind('acme', floor(extract(epoch from clock_timestamp()))::text);
select is(ragwall.current_tenant(), null, 'it ends by the clock, not when the next transaction begins');

select * from finish();
rollback;
