-- read everything {open: reads}
select * from ragwall.documents;
-- read the victim's rows {open: reads}
select content from ragwall.documents where tenant_id = 'acme';
-- or true {open: reads}
select content from ragwall.documents where tenant_id = 'globex' or true;
-- a classic injection {open: reads}
select content from ragwall.documents where content = '' or 1 = 1 --' and tenant_id = 'globex';
-- every tenant but the own {open: reads}
select content, metadata from ragwall.documents where tenant_id <> 'globex';
-- a pattern {open: reads}
select content from ragwall.documents where tenant_id like 'ac%' or tenant_id ~ '.*';
-- union {open: reads}
select 'x' union all select content from ragwall.documents where tenant_id in ('acme', 'acm', 'ACME', '%', '_', 'public', 'null');
-- a CTE {open: reads}
with all_of_them as materialized (select * from ragwall.documents) select string_agg(content, ',') from all_of_them;
-- a recursive CTE {open: reads}
with recursive r (n, c) as (select 0, '' union all select n + 1, (select string_agg(content, ',') from ragwall.documents where position = n) from r where n < 3) select * from r;
-- lateral {open: reads}
select l.* from (values ('acme'), ('public')) as v (t), lateral (select content from ragwall.documents where tenant_id = t) as l;
-- a self-join {open: reads}
select b.content from ragwall.documents as a join ragwall.documents as b using (id);
-- a full join {open: reads}
select d.content from (values ('acme')) as v (t) full join ragwall.documents as d on d.tenant_id = v.t;
-- a left join on true {open: reads}
select d.* from generate_series(1, 2) as g left join ragwall.documents as d on true;
-- a correlated sub-select {open: reads}
select (select max(content) from ragwall.documents as d where d.tenant_id = t) from unnest(array['acme', 'null']) as t;
-- exists
select exists (select from ragwall.documents where tenant_id = 'acme');
-- a whole row {open: reads}
select d from ragwall.documents as d;
-- a whole row as JSON {open: reads}
select to_jsonb(d) - 'embedding' from ragwall.documents as d;
-- rows as XML {open: reads}
select xmlagg(xmlelement(name d, content)) from ragwall.documents;
-- JSON_TABLE over aggregated rows {open: reads}
select jsonb_path_query(jsonb_agg(to_jsonb(d) - 'embedding'), '$[*].content') from ragwall.documents as d;
-- a window {open: reads}
select lag(content) over (order by tenant_id), lead(content) over (order by tenant_id) from ragwall.documents;
-- grouping sets {open: reads}
select tenant_id, max(content) from ragwall.documents group by grouping sets ((tenant_id), ());
-- ordered-set aggregates {open: reads}
select percentile_disc(array[0, 0.1, 0.5, 1]) within group (order by content) from ragwall.documents;
-- in hexadecimal {open: reads}
select encode(content::bytea, 'hex') from ragwall.documents;
-- hidden columns [D06b]
select tableoid::regclass, ctid, xmin, xmax, cmin, content from ragwall.documents;
-- by ctid [D06b]
select content from ragwall.documents where ctid = any(array['(0,1)', '(0,2)', '(0,3)', '(1,1)']::tid[]);
-- by a range of ctids
select content from ragwall.documents where ctid >= '(0,0)' and ctid < '(9,9)';
-- by tableoid
select content from ragwall.documents where tableoid > 0::oid;
-- a sample {open: reads}
select content from ragwall.documents tablesample system (100);
-- another sample {open: reads}
select content from ragwall.documents tablesample bernoulli (100) repeatable (1);
-- the parent only
select content from only ragwall.documents;
-- the parent and its children, spelled out {open: reads}
select content from ragwall.documents * where tenant_id > '';
-- a row comparison {open: reads}
select content from ragwall.documents where (tenant_id, position) >= ('acme', 0);
-- an array of tenants {open: reads}
select content from ragwall.documents where tenant_id = any(array(select unnest(array['acme', 'globex'])));
-- the partition by its name [E01, E02]
select content from ragwall.documents_rows;
-- the search tables of tenants, by guesses
select * from ragwall_search.acme; select * from ragwall_search.search_acme; select * from ragwall_search.search_0;
-- the directory [L05]
select * from ragwall_search.directory;
-- the tenants of the directory [L05]
select tenant_id from ragwall_search.directory;
-- the tail [L05]
select * from ragwall_search.tail;
-- the search tables as the DBA sees them
select * from ragwall.search_tables;
-- everything in the schema of the search tables
select schema_to_xml('ragwall_search', true, false, '');
-- every partition that the catalog names [E01, E02]
do $$ declare p regclass; c text; begin for p in select inhrelid from pg_inherits where inhparent = 'ragwall.documents'::regclass loop begin execute format('select max(content) from %s', p) into c; raise notice '%', c; exception when others then raise notice '%', sqlerrm; end; end loop; end $$;
-- a partition, counted [E01]
select count(*) from ragwall.documents_rows;
-- a partition, a column [E01]
select tenant_id from ragwall.documents_rows;
-- a partition, written [E02b]
insert into ragwall.documents_rows (content, embedding, embedding_model) values ('x', tests.vec(0), 'test');
-- a partition, deleted
delete from ragwall.documents_rows;
-- the toast of a partition [E21]
do $$ declare t regclass; begin select reltoastrelid into t from pg_class where oid = 'ragwall.documents_rows'::regclass; execute format('select count(*) from %s', t); end $$;
-- a cursor {open: reads}
declare c scroll cursor for select content from ragwall.documents; fetch all from c; move absolute 0 in c; fetch 2 from c;
-- a holdable cursor [C01] {open: reads}
declare held cursor with hold for select content from ragwall.documents; commit; fetch all from held;
-- a cursor in a DO block {open: reads}
do $$ declare c refcursor; r record; begin open c for execute 'select content from ragwall.documents'; loop fetch c into r; exit when not found; raise notice '%', r.content; end loop; end $$;
-- a prepared statement [C09] {open: reads}
prepare p (text) as select content from ragwall.documents where tenant_id = $1; execute p ('acme');
-- a prepared statement with a generic plan [B12, J12] {open: reads}
set local plan_cache_mode = force_generic_plan; prepare g (text) as select content from ragwall.documents where tenant_id = $1; execute g ('globex'); execute g ('acme');
-- a prepared statement from a transaction with a tenant, in one without [B12]
commit; begin; select ragwall.set_tenant_from_token(:'own'); prepare q as select content from ragwall.documents; execute q; commit; begin; set local app.current_tenant = 'acme'; execute q; commit;
-- COPY the table [E19]
copy ragwall.documents (content, metadata) to stdout;
-- COPY everything [E19]
copy ragwall.documents to stdout with (format csv, header);
-- COPY a query [E19] {open: reads}
copy (select content from ragwall.documents where tenant_id = 'acme') to stdout;
-- COPY in [E19b]
copy ragwall.documents (content, embedding_model) from stdin;
-- COPY a partition
copy ragwall.documents_rows to stdout;
-- COPY the directory and the tail
copy ragwall_search.directory to stdout;
-- COPY the tenants of the directory
copy ragwall_search.directory (tenant_id) to stdout;
-- COPY the tail
copy ragwall_search.tail to stdout;
-- COPY into the tail
copy ragwall_search.tail (tenant_id, id) from stdin;
-- EXECUTE in a DO block {open: reads}
do $$ declare c text; begin execute 'select string_agg(content, '','') from ragwall.documents' into c; raise warning '%', c; end $$;
-- send rows in a notification {open: reads}
listen leak; select pg_notify('leak', left(string_agg(content, ','), 7000)) from ragwall.documents; commit;
-- send rows in an error {open: reads}
do $$ begin raise exception using message = 'x', detail = (select string_agg(content, ',') from ragwall.documents), hint = (select max(content) from ragwall.documents); end $$;
-- query_to_xml {open: reads}
select query_to_xml('select content from ragwall.documents', true, false, '');
-- query_to_xml_and_xmlschema {open: reads}
select query_to_xml_and_xmlschema('select content from ragwall.documents where tenant_id = ''acme''', true, false, '');
-- table_to_xml {open: reads}
select table_to_xml('ragwall.documents', true, false, '');
-- table_to_xml of a partition
select table_to_xml('ragwall.documents_rows', true, false, '');
-- schema_to_xml
select schema_to_xml('ragwall', true, false, '');
-- database_to_xml
set local xmloption = content; select length(database_to_xml(true, false, '')::text);
-- cursor_to_xml {open: reads}
declare x cursor for select content from ragwall.documents; select cursor_to_xml('x', 100, true, false, '');
-- ts_stat {open: reads}
select word from ts_stat('select array_to_tsvector(array[content]) from ragwall.documents');
-- ts_rewrite {open: reads}
select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, (quote_literal(content) || '':*'')::tsquery from ragwall.documents where tenant_id = ''acme'' limit 1');
-- a function that runs its argument, in another database [dblink]
select * from dblink('dbname=postgres', 'select content from ragwall.documents') as t (c text);
-- crosstab
select * from crosstab('select tenant_id, position, content from ragwall.documents') as t (a text, b text);
-- match the victim's words {open: reads}
select content from ragwall.documents where to_tsvector('simple', content) @@ 'acme'::tsquery;
-- the nearest of all {open: reads}
select content from ragwall.documents order by embedding operator(public.<=>) tests.vec(0) limit 20;
-- the nearest of all, through whatever index there is [F01] {open: reads}
set local jit = off; set local enable_seqscan = off; set local enable_sort = off; set local hnsw.iterative_scan = strict_order; select content from ragwall.documents where tenant_id = any('{acme}') order by embedding operator(public.<=>) tests.vec(0) limit 20;
-- metadata that contains the victim {open: reads}
select content, metadata from ragwall.documents where metadata @> '{"tenant": "acme"}';
-- for update {open: reads}
select content from ragwall.documents for update;
-- for update, skipping what is locked {open: reads}
select content from ragwall.documents where tenant_id = 'acme' for no key update skip locked;
-- for key share {open: reads}
select content from ragwall.documents for key share nowait;
-- through another snapshot {open: reads}
rollback; begin isolation level repeatable read; do $$ begin perform ragwall.set_tenant_from_token(:'own'); exception when others then null; end $$; select content from ragwall.documents; commit;
-- serializable, deferrable {open: reads}
rollback; begin isolation level serializable read only deferrable; select content from ragwall.documents; commit;
-- statistics of the planner [E17b]
select most_common_vals, histogram_bounds from pg_stats where schemaname = 'ragwall';
-- statistics of expressions [E17b]
select * from pg_stats_ext_exprs;
-- statistics, raw [E17b]
select stavalues1 from pg_statistic;
-- the columns of everything
select table_name, column_name, column_default from information_schema.columns where table_schema like 'ragwall%';
-- large objects [E20]
select lo_get(oid) from pg_largeobject_metadata;
-- large objects, raw [E20]
select data from pg_largeobject;
