-- a program, in
copy (select 1) to program 'id';
-- a program, out [E19c]
do $$ begin execute 'copy public.x from program ''id'''; end $$;
-- the table into a file
copy (select content from ragwall.documents) to '/tmp/leak';
-- a file into the table [E22]
copy ragwall.documents (content) from '/etc/passwd';
-- a file read [E22]
select pg_read_file('pg_hba.conf');
-- a file's bytes read [E22]
select pg_read_binary_file(pg_relation_filepath('ragwall.documents_rows'::regclass));
-- a directory listed
select pg_ls_dir('.'), pg_ls_logdir(), pg_ls_waldir(), pg_ls_tmpdir();
-- a file looked at
select pg_stat_file('postgresql.conf');
-- the log
select pg_current_logfile(); select pg_read_file(current_setting('log_directory'));
-- a file as a large object [E20]
select lo_import('/etc/passwd');
-- a large object into a file [E20]
select lo_export(lo_from_bytea(0, 'x'), '/tmp/leak');
-- a slot of changes [E23b]
select pg_create_logical_replication_slot('leak', 'test_decoding');
-- the changes of a slot [E23b]
select data from pg_logical_slot_get_changes('leak', null, null); select data from pg_logical_slot_peek_binary_changes('leak', null, null);
-- a slot for bytes [E23b]
select pg_create_physical_replication_slot('leak', true);
-- a message in the log of changes
select pg_logical_emit_message(false, 'hostile', 'x') is not null;
-- an origin of changes
select pg_replication_origin_create('leak');
-- a snapshot exported
select pg_export_snapshot() is not null; select content from ragwall.documents;
-- a snapshot imported
rollback; begin isolation level repeatable read; set transaction snapshot '00000003-0000001B-1'; select content from ragwall.documents;
-- a backup begun
select pg_backup_start('x', true);
-- the log of changes switched
select pg_switch_wal(); select pg_create_restore_point('x');
-- the server promoted, paused
select pg_promote(); select pg_wal_replay_pause();
-- a page read raw
select get_raw_page('ragwall.documents_rows', 0);
-- old versions of rows [D06b]
select currtid2('ragwall.documents_rows', '(0,1)'); select currtid2('ragwall.documents', '(0,1)');
-- an index page by its function
select bt_page_items('ragwall.documents_rows_pkey', 1); select * from pgstattuple('ragwall.documents_rows');
-- memory of another session
select pg_log_backend_memory_contexts(pg_backend_pid()); select * from pg_backend_memory_contexts; select * from pg_shmem_allocations;
-- pg_hba.conf and the configuration files
select * from pg_hba_file_rules; select * from pg_file_settings;
-- the control file
select * from pg_control_init();
-- statistics reset
select pg_stat_reset(); select pg_stat_reset_shared('io');
-- maintenance functions on somebody's index
select brin_summarize_new_values('ragwall.documents_rows_pkey'); select gin_clean_pending_list('ragwall.documents_rows_pkey');
-- collations imported
select pg_import_system_collations('public');
-- internal functions called from SQL
select pg_catalog.array_in('{1}', 23, -1), pg_catalog.record_recv(null, 0, 0), pg_catalog.domain_in('acme', 0, -1);
-- hidden state of a constraint check
select pg_catalog.satisfies_hash_partition('ragwall.documents'::regclass, 32, 0, variadic array['acme', null]);
-- EXPLAIN with all options
explain (verbose, analyze, buffers, wal, settings, format json) select content from ragwall.documents;
-- vacuum to look for errors
commit; vacuum (verbose) ragwall.documents;
-- cluster, to rewrite the table
cluster ragwall.documents using documents_pkey;
