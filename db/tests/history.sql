-- Migrations are applied in their order and once, whichever tool applies them: the number of the last one is in the
-- database, and each asks for it.

begin;
select plan(9);

create temporary table before as select ragwall.migration() as applied;

select lives_ok($$select ragwall.begin_migration(ragwall.migration() + 1)$$, 'the next migration may begin');
select is(
  ragwall.migration(), (select applied + 1 from before), 'and is then the last one that was applied'
);

select throws_ok(
  format('select ragwall.begin_migration(%s)', ragwall.migration()), 'RW013',
  format('migration %s cannot be applied: this database has migration %1$s', ragwall.migration()),
  'it cannot begin again'
);
select throws_ok('select ragwall.begin_migration(1)', 'RW013', null, 'an earlier one cannot');
select throws_ok(
  format('select ragwall.begin_migration(%s)', ragwall.migration() + 2), 'RW013', null, 'none can be left out'
);
select throws_ok('select ragwall.begin_migration(null)', 'RW013', null, 'a number is expected');

select function_owner_is('ragwall', 'migration', '{}'::name[], 'ragwall_owner', 'the function keeps its owner');
select ok(has_function_privilege('app_user', 'ragwall.migration()', 'execute'), 'the function keeps its grants');

set local role app_user;
select throws_ok(
  'select ragwall.begin_migration(1)', '42501', 'permission denied for function begin_migration',
  'an application may not'
);

select finish();
rollback;
