-- What filters refuse, by whom they are refused, and what deletions by a filter delete.
begin;
select plan(82);
select tests.seed();

create function tests.nested(part text, depth integer)
  returns jsonb
  language sql
  return (repeat(part, depth) || '{"n": 1}' || repeat('}', depth))::jsonb;
create function tests.remaining()
  returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select string_agg(d.tenant_id || ' ' || (d.metadata ->> 'n'), ', ' order by d.tenant_id, d.metadata ->> 'n')
  from ragwall.documents as d where d.tenant_id in ('acme', 'globex')
$$;
comment on function tests.remaining() is 'The documents of two tenants.';
create table tests.known (filter jsonb, sqlstate text, message text);
grant select on tests.known to public;
insert into tests.known values
  ('null', 'RW105', 'the filter is expected to be a JSON object, or null for none'),
  ('[1]', 'RW105', 'the filter is expected to be a JSON object, or null for none'),
  ('"n"', 'RW105', 'the filter is expected to be a JSON object, or null for none'),
  ('5', 'RW105', 'the filter is expected to be a JSON object, or null for none'),
  ('{"$not": [1]}', 'RW105', 'the filter is expected to be a JSON object, or null for none'),
  ('{"$or": [{"n": 1}, 2]}', 'RW105', 'the filter is expected to be a JSON object, or null for none'),
  ('{"n": {"$gte ": 1}}', 'RW107', 'the filter has an unknown operator, "$gte ", at "n"'),
  ('{"n": {"$GT": 1}}', 'RW107', 'the filter has an unknown operator, "$GT", at "n"'),
  ('{"n": {"$and": [{"n": 1}]}}', 'RW107', 'the filter has an unknown operator, "$and", at "n"'),
  ('{"n": {"$gt": 1, "gt": 1}}', 'RW107', 'the filter has an unknown operator, "gt", at "n"'),
  ('{"n": {"$not": {"$regex": "x"}}}', 'RW107', 'the filter has an unknown operator, "$regex", at "n"'),
  ('{"a": {"it''s": {"$": 1}}}', 'RW107', 'the filter has an unknown operator, "$", at "it''s"'),
  ('{"$nor": [{"n": 1}]}', 'RW107', 'the filter has an unknown operator, "$nor"'),
  ('{"$gt": 1}', 'RW107', 'the filter has an unknown operator, "$gt"'),
  ('{"n": [{"$gt": 1}]}', 'RW107', 'the filter has an unknown operator, "$gt"'),
  ('{"n": [[1]]}', 'RW108', 'the filter has a list in a list, at "n"'),
  ('{"$and": []}', 'RW108', 'the filter has a value that $and does not take'),
  ('{"$or": []}', 'RW108', 'the filter has a value that $or does not take'),
  ('{"$or": {"n": 1}}', 'RW108', 'the filter has a value that $or does not take'),
  (
    jsonb_build_object('$and', array(select '{"n": 1}'::jsonb from generate_series(1, 1001))),
    'RW108', 'the filter has a value that $and does not take'
  ),
  (
    jsonb_build_object(repeat('n', 1000), array(select 1 from generate_series(1, 101))),
    'RW108', format('the filter has a list that is too long, at "%s"', repeat('n', 60))
  ),
  (tests.nested('{"n": ', 8), 'RW108', 'the filter has more than 8 levels'),
  (tests.nested('{"$not": ', 8), 'RW108', 'the filter has more than 8 levels'),
  (tests.nested('{"$not": ', 3000), 'RW108', 'the filter has more than 8 levels'),
  (jsonb_build_object('n', tests.nested('{"$not": ', 7)), 'RW108', 'the filter has more than 8 levels'),
  (jsonb_build_object('n', tests.nested('{"$not": ', 3000)), 'RW108', 'the filter has more than 8 levels'),
  (jsonb_build_object('n', repeat('x', 65536 - 8)), 'RW108', 'the filter has more than 65536 bytes');
insert into tests.known
select format('{"n": {"%s": %s}}', operator, operand)::jsonb, 'RW108',
  format('the filter has a value that %s does not take, at "n"', operator)
from (
  values ('$eq', '{}'), ('$eq', '[1]'), ('$ne', '{"a": 1}'), ('$gt', 'null'), ('$gte', 'true'), ('$lt', '[1]'),
    ('$lte', '{}'), ('$in', '1'), ('$in', '[[1]]'), ('$nin', '[{}]'), ('$between', '[1]'), ('$between', '[1, 2, 3]'),
    ('$between', '[1, "2"]'), ('$between', '[null, null]'), ('$between', '{}'), ('$exists', '1'), ('$exists', '"true"')
) as v (operator, operand);

select throws_ok(
  format('select ragwall.filter_path(%L)', k.filter), k.sqlstate, k.message, 'refused: ' || left(k.filter::text, 60)
)
from tests.known as k;
select throws_ok(
  'select ragwall.filter_path(null)', 'RW105', 'the filter is expected to be a JSON object, or null for none',
  'refused: null, as filter_path() has no other for none'
);

-- What is just as large as it may be.
select ok(jsonb_build_object('n', value::jsonb) @? ragwall.filter_path(filter), 'accepted: ' || label)
from (
  values
    ('$in of 21000', '1', jsonb_build_object('n', jsonb_build_object('$in', array(select 1 from generate_series(1, 21000))))),
    ('$nin of 21000', '2', jsonb_build_object('n', jsonb_build_object('$nin', array(select 1 from generate_series(1, 21000))))),
    ('a list of 21000', '[1]', jsonb_build_object('n', array(select 1 from generate_series(1, 21000)))),
    ('$or of 1000', '1', jsonb_build_object('$or', array(select jsonb_build_object('n', i) from generate_series(1, 1000) as i))),
    ('3000 fields', '1', (select jsonb_object_agg('f' || i, '{"$ne": 1}'::jsonb) from generate_series(1, 3000) as i)),
    ('65536 bytes', to_jsonb(repeat('x', 65536 - 9))::text, jsonb_build_object('n', repeat('x', 65536 - 9))),
    ('8 levels', '{"n": {"n": {"n": {"n": {"n": {"n": {"n": 1}}}}}}}', tests.nested('{"n": ', 7)),
    ('8 levels of $not', '2', jsonb_build_object('n', '{"$not": {"$not": {"$not": {"$not": {"$not": {"$not": {"$not": 1}}}}}}}'::jsonb))
) as v (label, value, filter);

-- Each function that takes a filter raises what filter_path() does.
select from set_config('tests.token', tests.token(ragwall.add_signing_key('k'), '{}'), true);
create function tests.asked(role_name name, tenant text, call text, filter text)
  returns void
  language plpgsql
as $$
begin
  perform tests.become(tenant);
  execute format('set local role %I', role_name);
  execute format(call, quote_literal(filter));
  reset role;
end
$$;
comment on function tests.asked(name, text, text, text) is 'Calls a function with a filter, as a role, bound to a tenant.';
select throws_ok(
  format('select tests.asked(%L, %L, %L, %L)', role_name, tenant, call, filter), sqlstate, message,
  format('%s: %s', sqlstate, format(call, filter))
)
from (
  values
    ('app_user', 'acme', 'select ragwall.match_documents(tests.vec(0), 3, %s)'),
    ('app_reader', 'acme', 'select ragwall_api.match_passages(tests.vec(0), 3, %s)'),
    ('app_user', 'acme', 'select ragwall.delete_matching(%s)'),
    ('app_user', null, 'select ragwall.search_as(''acme'', tests.vec(0), 3, %s)'),
    (
      'app_user', null,
      'select ragwall.search_with_token(current_setting(''tests.token''), tests.vec(0), 3, %s)'
    ),
    ('agent_caller', 'acme', 'select ragwall.agent_match_documents(tests.vec(0), 3, %s)')
) as c (role_name, tenant, call)
cross join (
  values ('{"n": {"$gr": 1}}', 'RW107', 'the filter has an unknown operator, "$gr", at "n"'),
    ('{"n": {"$gt": null}}', 'RW108', 'the filter has a value that $gt does not take, at "n"')
) as f (filter, sqlstate, message);

-- Deletions, of a tenant beside others that have the same.
select throws_ok(
  format('select tests.asked(%L, %L, %L, %L)', 'app_user', 'acme', 'select ragwall.delete_matching(%s)', filter),
  'RW205', 'the filter of a deletion is expected to be a JSON object that is not empty', 'no deletion by ' || filter
)
from unnest(array['{}', '[]', 'null', '"n"']) as filter;
select tests.become('acme');
select is(tests.remaining(), 'acme 0, acme 1, acme 2, globex 0, globex 1, globex 2', 'what is refused deletes nothing');
set local role app_user;
select is(ragwall.delete_matching('{"n": {"$lt": -1}}'), 0, 'what nothing fits deletes nothing');
select results_eq(
  $$select (metadata ->> 'n')::integer from ragwall.match_documents(tests.vec(0), 10, '{"n": {"$gte": 1}}')$$,
  array[1, 2], 'a search finds what fits'
);
select is(ragwall.delete_matching('{"n": {"$gte": 1}}'), 2, 'a deletion deletes it');
reset role;
select is(tests.remaining(), 'acme 0, globex 0, globex 1, globex 2', 'nothing else of the tenant, and nothing of another');
set local role app_user;
select is(ragwall.delete_matching('{"$not": {"n": {"$exists": false}}}'), 1, 'as does one that a negation fits');
reset role;
select is(tests.remaining(), 'globex 0, globex 1, globex 2', 'of the tenant alone');

-- What a list is, and what none is.
select is(
  metadata::jsonb @? ragwall.filter_path(filter::jsonb), fits, format('%s %s %s', metadata, case when fits then 'fits' else 'does not fit' end, filter)
)
from (
  values
    ('{"a": "x"}', '{"a": ["x"]}', false), ('{"a": ["x", "y"]}', '{"a": ["x"]}', true),
    ('{"a": [["x"]]}', '{"a": "x"}', false), ('{"a": [["x"]]}', '{"a": ["x"]}', false),
    ('{"a": "x"}', '{"a": {"$in": []}}', false), ('{"a": "x"}', '{"a": {"$nin": []}}', true)
) as f (metadata, filter, fits);

select * from finish();
rollback;
