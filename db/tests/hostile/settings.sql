-- row security off [A11]
set row_security = off; select content from ragwall.documents;
-- row security off for the transaction, and a count [A11]
set local row_security = off; select count(*) from ragwall.documents;
-- row_security off by set_config, and a sub-select
select set_config('row_security', 'off', true), (select max(content) from ragwall.documents);
-- session_replication_role = replica, so that no trigger runs
set session_replication_role = replica; select content from ragwall.documents;
-- a search_path with pg_temp before pg_catalog [J09]
set search_path = pg_temp, public, ragwall, pg_catalog; select content from documents;
-- an empty search_path
set search_path = ''; select content from ragwall.documents;
-- a search_path of other schemas
set search_path = "$user", RAGWALL, pg_toast, information_schema; select content from documents;
-- every plan turned off
set jit = off; set enable_seqscan = off; set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off; set enable_tidscan = off; select content from ragwall.documents;
-- pruning off [E01]
set enable_partition_pruning = off; set constraint_exclusion = off; select content from ragwall.documents where tenant_id = 'acme';
-- partitionwise plans
set enable_partitionwise_join = on; set enable_partitionwise_aggregate = on; select a.tenant_id, max(b.content) from ragwall.documents as a join ragwall.documents as b using (tenant_id) group by 1;
-- genetic plans
set geqo_threshold = 2; set from_collapse_limit = 1; set join_collapse_limit = 1; select b.content from ragwall.documents as a join ragwall.documents as b using (id) join ragwall.documents as c using (id);
-- parallel plans [J13]
set debug_parallel_query = regress; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 4; select content from ragwall.documents; select ragwall.current_tenant();
-- compiled plans
set jit = on; set jit_above_cost = 0; set jit_inline_above_cost = 0; select content from ragwall.documents where tenant_id = 'acme' or tenant_id is null;
-- generic plans [B12, J12]
set plan_cache_mode = force_generic_plan; select content from ragwall.match_documents(tests.vec(0), 10, null);
-- extreme cost settings
set cpu_operator_cost = 0; set cpu_tuple_cost = 0; set seq_page_cost = 0; set random_page_cost = 1e9; select content from ragwall.documents where content > '';
-- transform_null_equals
set transform_null_equals = on; select content from ragwall.documents where tenant_id = null or (tenant_id = 'acme') = null;
-- standard_conforming_strings off, and a backslash in a text
set standard_conforming_strings = off; set escape_string_warning = off; set backslash_quote = on; select content from ragwall.documents where tenant_id = '\' or true --';
-- another encoding
set client_encoding = 'SJIS'; select content from ragwall.documents; select ragwall.current_tenant();
-- another language, time and number
set lc_messages = 'C'; set datestyle = 'sql, dmy'; set intervalstyle = iso_8601; set extra_float_digits = -15; set timezone = 'Pacific/Kiritimati'; set bytea_output = escape; select content from ragwall.documents;
-- every message sent to the client
set client_min_messages = debug5; set debug_print_plan = on; set debug_print_rewritten = on; set trace_sort = on; select content from ragwall.documents order by content;
-- every statement written to the log [D15]
set log_statement = 'all'; set log_min_duration_statement = 0;
-- auto_explain loaded
load 'auto_explain'; set auto_explain.log_min_duration = 0; select content from ragwall.documents;
-- a library of one's own
load '/tmp/hostile.so';
-- a library of the plugins
load '$libdir/plugins/hostile';
-- a library of the next session
set local_preload_libraries = 'hostile'; set session_preload_libraries = 'hostile';
-- where libraries are
set dynamic_library_path = '/tmp'; set jit_provider = 'x';
-- a setting of the system
commit; alter system set row_security = off;
-- the configuration reloaded
select pg_reload_conf();
-- system tables writable
set allow_system_table_mods = on; set ignore_system_indexes = on; update pg_authid set rolsuper = true;
-- bodies not checked, conflicts resolved otherwise
set check_function_bodies = off; set plpgsql.variable_conflict = use_column; set plpgsql.extra_errors = 'all'; select content from ragwall.match_documents(tests.vec(0), 10, null);
-- tracing of functions
set track_functions = 'all'; set track_activities = on; select * from pg_stat_user_functions;
-- a backtrace of the context
set backtrace_functions = 'exec_stmt_raise'; select ragwall.set_tenant(null);
-- the stack cut short inside the context
set max_stack_depth = '100kB'; do $$ begin perform ragwall.current_tenant(); raise notice '%', (select max(content) from ragwall.documents); end $$;
-- the least memory
set work_mem = '64kB'; set hash_mem_multiplier = 1; set temp_buffers = '800kB'; select content from ragwall.documents order by embedding;
-- time cut short inside the context
set statement_timeout = '1ms'; select content from ragwall.documents, generate_series(1, 100000);
-- ragwall.residue = allow set by the client itself
set ragwall.residue = 'allow'; prepare p as select 1; commit; begin; select ragwall.set_tenant_from_token(:'own'); commit;
-- SQL in ragwall.search_table_from
set ragwall.search_table_from = '1; drop table ragwall.documents'; select * from ragwall.index_plan();
-- iterative scan with the largest limits
set jit = off; set hnsw.ef_search = 1000; set hnsw.iterative_scan = relaxed_order; set hnsw.max_scan_tuples = 2147483647; set enable_sort = off; set enable_seqscan = off; select content from ragwall.documents order by embedding operator(public.<=>) tests.vec(0);
-- every setting of the search at its worst
set hnsw.ef_search = 1; set hnsw.iterative_scan = strict_order; set hnsw.max_scan_tuples = 1; set enable_indexscan = off; set enable_sort = off; set work_mem = '64kB'; select content from ragwall.match_documents(tests.vec(0), 1, null);
-- hnsw.ef_search = 1
set hnsw.ef_search = 1; select content from ragwall.match_documents(tests.vec(0), 3, null);
-- a file as time zone
set timezone_abbreviations = '../../../etc/passwd'; set timezone = ':/etc/passwd';
-- the next transactions read only, serializable, deferred
set session characteristics as transaction isolation level serializable, read only; set default_transaction_deferrable = on; select content from ragwall.documents;
-- constraints deferred
set constraints all deferred; insert into ragwall.documents (content, embedding, embedding_model) values ('x', tests.vec(0), 'test');
