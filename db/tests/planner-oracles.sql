-- What the planner does first with a statement tells nothing of other tenants' rows.
begin;
select plan(58);
select tests.seed();
select from tests.enlarge('acme');
analyze ragwall.documents, ragwall_search.directory;

-- One row of acme's that no other tenant has anything like.
insert into ragwall.documents (
  tenant_id, id, source, position, content, embedding, embedding_model, metadata
)
values ('acme', tests.id(777), 'merger.md', 777, 'we buy initech', tests.vec(0), 'test', '{"merger": 1}');

-- Each guess is right for that row. A sub-select that raises, behind conditions that the planner may run
-- before the policies, would tell so.
create table tests.guesses as
select format(guess, '(select 1/(pg_backend_pid()*0))') as condition
from unnest(array[
  'content >= ''we buy'' and content < ''we c'' and position >= %s',
  'content >= any(array[''we buy'']) and position >= any(array[%s])',
  'tenant_id >= ''acme'' and tenant_id <= ''acme'' and source >= ''m'' and position >= %s',
  'id >= tests.id(777) and id <= tests.id(777) and position >= %s',
  'case when metadata[''merger''] is not null then (array[true])[%s] end',
  'case when ((''[777:777]={t}'')::boolean[])[position] then (array[true])[%s] end'
]) as guess;
grant select on tests.guesses to app_user;

-- That acme is large, and what there is where only the search reads.
create table tests.guesses_beneath as
select format(guess, '(select (1/(pg_backend_pid()*0))::text)') as condition
from unnest(array[
  'tenant_id >= ''acme'' and tenant_id <= ''acme'' and tenant_id >= %s',
  'tenant_id = any(array[''acme'']) and tenant_id = any(array[%s])',
  'tenant_id ^@ ''acm'' and tenant_id >= %s'
]) as guess;
grant select on tests.guesses_beneath to app_user;

create function tests.hostile(operator_cost text)
  returns void
  language plpgsql
as $$
begin
  perform set_config(s, 'off', true)
  from unnest(array[
    'enable_indexscan', 'enable_bitmapscan', 'enable_indexonlyscan', 'enable_partition_pruning'
  ]) as s;
  perform set_config('cpu_operator_cost', operator_cost, true);
end
$$;

set local role app_user;
select concat(
  tests.become(tenant), tests.hostile(cost),
  is_empty(
    'select 1 from ragwall.documents where ' || condition,
    format('bound to %s, operators costing %s: %s', coalesce(tenant, 'none'), cost, condition)
  )
)
from tests.guesses,
  unnest(array['0.0025', '0']) as cost,
  unnest(array[null, 'globex']) as tenant;

select concat(
  tests.become(tenant), tests.hostile(cost),
  is_empty(
    'select 1 from ragwall_search.directory where ' || condition,
    format('the directory, bound to %s, operators costing %s: %s', coalesce(tenant, 'none'), cost, condition)
  )
)
from tests.guesses_beneath,
  unnest(array['0.0025', '0']) as cost,
  unnest(array[null, 'globex']) as tenant;
select throws_ok(
  format('select 1 from %s where tenant_id >= (select (1/(pg_backend_pid()*0))::text)', relation), '42501',
  'permission denied for table ' || name, format('no guess can be made about %s', name)
)
from
  (
    values ('ragwall.documents_rows', 'documents_rows'), ('ragwall_search.tail', 'tail')
  ) as r (relation, name);

select tests.become('globex');
select tests.hostile('0.0025');
select is_empty(
  'select 1 from ragwall.documents tablesample system (100) where ' || condition, 'by a sample: ' || condition
)
from tests.guesses;

select is_empty(
  $$select 1 from pg_stats where schemaname in ('ragwall', 'ragwall_search')$$,
  'after ANALYZE there are no statistics to see'
);
reset role;
select is_empty(
  $$select attname from pg_stats where schemaname in ('ragwall', 'ragwall_search')$$,
  'E17: after ANALYZE there are no statistics for the planner to use'
);

-- That it answers elsewhere, match-documents.sql shows: here the word is in the message.
select tests.become('globex');
select from set_config('tests.vec', tests.vec(0)::text, true);
set local role agent_caller;
select throws_ok(
  'select * from ragwall.agent_match_documents(current_setting(''tests.vec'')::public.halfvec, 3, null)',
  'RW106', 'this function does not run under explain', 'an agent''s search is not explained'
);
select throws_ok(
  'select * from ragwall.agent_match_hybrid(current_setting(''tests.vec'')::public.halfvec, ''x'', 3)',
  'RW106', 'this function does not run under explain', 'nor is one by words, which nobody can explain'
);
reset role;

-- The control: the floor as everybody writes it.
alter policy tenant_floor on ragwall.documents using (tenant_id = (select ragwall.current_tenant()));
set local role app_user;
select tests.become('globex');
select throws_ok(
  'select 1 from ragwall.documents where ' || condition, '22012', 'division by zero',
  'control: with a floor that costs an operator, a right guess shows: ' || condition
)
from tests.guesses;

reset role;
alter policy tenant_floor on ragwall_search.directory using (tenant_id = (select ragwall.current_tenant()));
set local role app_user;
select tests.become('globex');
select throws_ok(
  'select 1 from ragwall_search.directory where ' || condition, '22012', 'division by zero',
  'control: with a floor that costs an operator, a right guess about the directory shows: ' || condition
)
from tests.guesses_beneath;

select tests.become('globex');
select is_empty(
  'select 1 from ragwall.documents where content >= ''zzz'' and position >= (select 1/(pg_backend_pid()*0))',
  'control: with a floor that costs an operator, a wrong guess does not show'
);

select * from finish();
rollback;
