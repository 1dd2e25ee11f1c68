-- divide by zero where a guess is right [E12b] {open: tells}
set local max_parallel_workers_per_gather = 0; select 1 / (case when content >= :'guess' and content < :'guess' || '~' then 0 else 1 end) from ragwall.documents;
-- divide by zero in the condition [E12b] {open: tells}
set local max_parallel_workers_per_gather = 0; select count(*) from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and 1 / (position - position) > 0;
-- a guess, then a sub-select that raises an error {open: tells}
set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local enable_partition_pruning = off; select from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, with operators that cost nothing {open: tells}
set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local enable_partition_pruning = off; set local cpu_operator_cost = 0; select from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, with operators that cost as much as there is {open: tells}
set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local enable_partition_pruning = off; set local cpu_operator_cost = 1e308; select from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, for one partition {open: tells}
set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_indexscan = off; set local enable_bitmapscan = off; select from ragwall.documents where tenant_id >= 'acme' and tenant_id <= 'acme' and content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, through the key of sources
set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_seqscan = off; select from ragwall.documents where tenant_id = any('{acme}') and source >= 'shared.md' and content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, through a sample {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; select from ragwall.documents tablesample system (100) where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, by ctid
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_seqscan = off; select from ragwall.documents where ctid >= '(0,0)' and content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, as a comparison of rows
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; select from ragwall.documents where (content, position) > (:'guess', (select 1 / (pg_backend_pid() * 0))) and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, in a join that hashes {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_nestloop = off; set local enable_mergejoin = off; select from ragwall.documents as d join (values (:'guess')) as v (g) on true where d.content >= :'guess' and d.content < :'guess' || '~' and d.position >= (select 1 / (pg_backend_pid() * 0));
-- the same, in a nested loop with memoize {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_hashjoin = off; set local enable_mergejoin = off; select from generate_series(1, 3) as g, lateral (select from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0)) + g offset 0) as l;
-- the same, in a semi-join {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; select 1 where exists (select from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0)));
-- the same, in an update {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; update ragwall.documents set content = content where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, locking rows {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; select from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0)) for update;
-- the same, with a parallel plan [J13]
set local jit = off; set local debug_parallel_query = on; set local parallel_setup_cost = 0; set local min_parallel_table_scan_size = 0; select count(*) from ragwall.documents where content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- the same, compiled {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local max_parallel_workers_per_gather = 0; set local jit = on; set local jit_above_cost = 0; select from ragwall.documents where tenant_id >= 'acme' and tenant_id = any('{acme}') and content >= :'guess' and content < :'guess' || '~' and position >= (select 1 / (pg_backend_pid() * 0));
-- an array subscript out of range {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local jit = off; set local max_parallel_workers_per_gather = 0; select from ragwall.documents where case when metadata['tenant'] = '"acme"' and content >= :'guess' and content < :'guess' || '~' then (array[true])[(select 1 / (pg_backend_pid() * 0))] end;
-- a cast that prints what it cannot cast [E14] {open: reads}
select content::integer from ragwall.documents where tenant_id <> 'globex';
-- a cast to an enumeration that prints it [E14] {open: reads}
select from ragwall.documents where tenant_id <> 'globex' and content::regtype is not null;
-- a cast to a date that prints it [E14] {open: reads}
select from ragwall.documents where content::date > '2020-01-01' and tenant_id = 'acme';
-- a cast to XML that prints it {open: reads}
select xmlparse(document content) from ragwall.documents where tenant_id = 'acme';
-- a cast to JSON that prints it
select from ragwall.documents where content::json is not null and tenant_id = 'acme';
-- a regular expression that prints it
select regexp_match('x', content || '(') from ragwall.documents where tenant_id = 'acme';
-- a setting that does not exist, named after it {open: reads}
select current_setting(content) from ragwall.documents where tenant_id = 'acme';
-- a function that does not exist, named after it {open: reads}
do $$ declare c text := (select max(content) from ragwall.documents where tenant_id = 'acme'); begin execute format('select %I()', c); end $$;
-- a table that does not exist, named after it
select to_regclass(content), content::regclass from ragwall.documents where tenant_id = 'acme';
-- a length of time per row [F05] {open: tells}
set local statement_timeout = '300ms'; select count(pg_sleep(0.5)) from ragwall.documents where content >= :'guess' and content < :'guess' || '~';
-- a lock per row
set local max_parallel_workers_per_gather = 0; select count(pg_try_advisory_xact_lock(1, position)) from ragwall.documents where content >= :'guess' and content < :'guess' || '~';
-- a setting per row {open: reads}
select set_config('x.seen', content, false) from ragwall.documents where content >= :'guess' and content < :'guess' || '~'; select coalesce(current_setting('x.seen', true), '') <> '';
-- a key that the victim has [D01]
insert into ragwall.documents (id, content, embedding, embedding_model) values (:'id', 'x', tests.vec(0), 'test') returning content;
-- a key that the victim has, silently [D01b]
insert into ragwall.documents (id, content, embedding, embedding_model) values (:'id', 'x', tests.vec(0), 'test') on conflict do nothing returning content;
-- a source and position that the victim has [D02]
insert into ragwall.documents (source, position, content, embedding, embedding_model) values (:'source', 0, 'x', tests.vec(0), 'test') on conflict do nothing returning position;
-- an update onto a row that cannot be seen [D01c]
insert into ragwall.documents (id, content, embedding, embedding_model) values (:'id', 'x', tests.vec(0), 'test') on conflict (tenant_id, id) do update set content = 'overwritten' returning content;
-- a merge onto a row that cannot be seen [D01e]
merge into ragwall.documents as d using (values (:'id'::uuid)) as v (id) on d.id = v.id when matched then update set content = 'merged' when not matched then insert (id, content, embedding, embedding_model) values (v.id, 'x', tests.vec(0), 'test');
-- a key that the victim has, through the function [D01]
select status from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('id', :'id', 'content', 'x', 'embedding', tests.vec(0)::text, 'embedding_model', 'test')));
-- the status that upsert_documents() returns for a key [D01]
select status from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('id', :'id', 'content', 'x')));
-- a source and position that the victim has, through the function [D02]
select status from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('source', :'source', 'position', 0, 'content', 'x', 'embedding', tests.vec(0)::text, 'embedding_model', 'test')));
-- how many were deleted by a key that the victim has
select ragwall.delete_documents(array[:'id']::uuid[]);
-- how many were deleted of a source that the victim has
select ragwall.delete_source(:'source', 0);
-- how many were deleted by a filter only the victim fits
select ragwall.delete_matching(jsonb_build_object('tenant', :'tenant'));
-- how many a search finds that has a filter only the victim fits [F03]
select count(*) from ragwall.match_documents(tests.vec(0), 1000, jsonb_build_object('tenant', :'tenant'));
-- the similarity that a filter for another tenant leaves [F01, F03]
select similarity from ragwall.match_documents(tests.vec(0), 1, jsonb_build_object('tenant', :'tenant'));
-- a constraint that prints a row
update ragwall.documents set metadata = '[]';
-- a constraint that prints a row, of the victim
update ragwall.documents set embedding_model = '' where tenant_id = 'acme';
-- a filter of the plan that counts rows [E16]
explain (analyze, costs off, timing off, summary off) select from ragwall.documents where tenant_id >= :'tenant' and tenant_id <= :'tenant' and position + 0 >= 0;
-- a filter of the plan that counts rows that fit a guess [E16b] {open: tells}
set local max_parallel_workers_per_gather = 0; explain (analyze, costs off, timing off, summary off, buffers off) select from ragwall.documents where content >= :'guess' and content < :'guess' || '~';
-- the same through the index of sources [E16c] {open: tells}
set local max_parallel_workers_per_gather = 0; set local jit = off; set local enable_seqscan = off; set local enable_bitmapscan = off; explain (analyze, costs off, timing off, summary off, buffers off) select from ragwall.documents where tenant_id = any('{acme}') and source >= 'shared.md' and content >= :'guess' and content < :'guess' || '~';
-- the same through an index alone, by the source [E16c]
set local jit = off; set local enable_seqscan = off; explain (analyze, costs off, timing off, summary off, buffers off) select id from ragwall.documents where source >= :'guess' and source < :'guess' || '~' and position = 0;
-- an estimate of the rows that fit a guess [E15c]
explain select from ragwall.documents where content = :'guess';
-- an estimate of the rows that fit a guess about the metadata [E17c]
explain select from ragwall.documents where metadata ->> 'tenant' = :'guess';
-- an estimate of a guessed tenant's rows, against a tenant of the same partition [E15, K01]
explain select from ragwall.documents where tenant_id = :'tenant';
-- the nearest of a guessed tenant, to an embedding of one's choice [F03, F05]
set local jit = off; set local enable_seqscan = off; set local enable_sort = off; explain (analyze, costs off, timing off, summary off, buffers off) select from ragwall.documents where tenant_id = any(array[:'tenant']) order by embedding operator(public.<=>) tests.vec(0) limit 1;
-- the nearest of a guessed tenant, by whether its plan removed rows [F06]
set local jit = off; set local enable_seqscan = off; set local enable_sort = off; do $$ declare j json; begin execute format('explain (analyze, format json) select from ragwall.documents where tenant_id = %L order by embedding operator(public.<=>) tests.vec(0) limit 1', :'tenant') into j; if j::text ~ 'Removed by Filter": [1-9]' then raise notice 'visited'; end if; end $$;
-- the name of a guessed tenant's search table [E04]
select to_regclass('ragwall_search.' || :'tenant') is not null, to_regclass('ragwall_search.search_' || md5(:'tenant')) is not null, to_regclass('ragwall_search.search_' || left(encode(sha256(convert_to(:'tenant', 'UTF8')), 'hex'), 32)) is not null;
-- whether a guessed tenant is in the directory [L05] {open: tells}
select exists (select from ragwall_search.directory where tenant_id = :'tenant'), (select count(*) from ragwall_search.directory where tenant_id >= :'tenant' and tenant_id <= :'tenant');
-- whether a guessed tenant is in the directory, then a sub-select that raises an error [L05] {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; select from ragwall_search.directory where tenant_id >= :'tenant' and tenant_id <= :'tenant' and tenant_id >= (select (1 / (pg_backend_pid() * 0))::text);
-- the same, with operators that cost nothing [L05] {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; set local cpu_operator_cost = 0; select from ragwall_search.directory where tenant_id = any(array[:'tenant']) and tenant_id >= (select (1 / (pg_backend_pid() * 0))::text);
-- the same, through the key of the directory [L05]
set local enable_seqscan = off; select from ragwall_search.directory where tenant_id = :'tenant' and tenant_id >= (select (1 / (pg_backend_pid() * 0))::text);
-- an estimate of a guessed tenant in the directory [L05]
explain select tenant_id from ragwall_search.directory where tenant_id = :'tenant';
-- a filter of the plan that counts entries of the directory that fit a guess [L05] {open: tells}
set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; explain (analyze, costs off, timing off, summary off, buffers off) select tenant_id from ragwall_search.directory where tenant_id >= :'tenant' and tenant_id <= :'tenant';
-- the same count, through the key of the directory [L05] {open: tells}
set local enable_seqscan = off; explain (analyze, costs off, timing off, summary off, buffers off) select tenant_id from ragwall_search.directory where tenant_id = :'tenant';
-- a guess where the search reads, then a sub-select that raises an error
select from ragwall.documents_rows where tenant_id = :'tenant' and position >= (select 1 / (pg_backend_pid() * 0));
-- an estimate where the search reads
explain select from ragwall.documents_rows where tenant_id = :'tenant';
-- an entry that a guessed tenant has [D01]
insert into ragwall_search.directory (tenant_id) values (:'tenant');
-- a note of a change of a guessed tenant [D01]
insert into ragwall_search.tail (tenant_id, id) values (:'tenant', tests.id(0));
