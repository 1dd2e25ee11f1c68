-- what others are running [D14] {trusting: reads; signed: reads}
select pid, query from pg_stat_activity;
-- what others are running, by the function [D14] {trusting: reads; signed: reads}
select query from pg_stat_get_activity(null);
-- what others are running, one by one [D14] {trusting: reads; signed: reads}
select pg_stat_get_backend_activity(i) from pg_stat_get_backend_idset() as i;
-- what others ran [D15]
select query from pg_stat_statements;
-- the source of the functions [E27b]
select proname, prosrc, pg_get_functiondef(oid) from pg_proc where pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace) and prokind = 'f';
-- the settings of the server, roles and databases [E27]
select name, setting, reset_val from pg_settings; select * from pg_db_role_setting;
-- passwords
select rolname, rolpassword from pg_authid;
-- passwords in pg_shadow and user mappings
select usename, passwd from pg_shadow; select * from pg_user_mapping;
-- conditions of policies and indexes [E04]
select pg_get_expr(polqual, polrelid) from pg_policy; select indexdef from pg_indexes where schemaname = 'ragwall';
-- defaults and constraints
select pg_get_expr(adbin, adrelid) from pg_attrdef; select pg_get_constraintdef(oid) from pg_constraint where connamespace = 'ragwall'::regnamespace;
-- sizes [E04b]
select relname, reltuples, relpages, pg_relation_size(oid) from pg_class where relnamespace = 'ragwall'::regnamespace;
-- counters [E18]
select relname, n_live_tup, n_tup_ins, seq_scan from pg_stat_all_tables; select * from pg_statio_all_indexes;
-- locks of others
select * from pg_locks; select pg_blocking_pids(pg_backend_pid());
-- prepared transactions and statements of others
select * from pg_prepared_xacts; select * from pg_prepared_statements; select * from pg_cursors;
-- notifications waiting
select pg_notification_queue_usage(), pg_listening_channels();
-- transactions of others [D06]
select pg_current_snapshot(), pg_snapshot_xmin(pg_current_snapshot()), pg_current_wal_lsn();
-- slots, subscriptions, replication
select * from pg_replication_slots; select subname, subslotname from pg_subscription; select * from pg_stat_replication;
-- large objects' owners [E20]
select oid, lomowner from pg_largeobject_metadata;
-- progress of others
select * from pg_stat_progress_create_index; select * from pg_stat_progress_vacuum; select * from pg_stat_progress_copy;
-- whole rows of pg_class with their comments
select c.*, obj_description(c.oid) from pg_class as c where c.relname like 'documents%';
-- descriptions of objects by OID
select pg_describe_object('pg_class'::regclass, c.oid, 0), pg_identify_object_as_address('pg_class'::regclass, c.oid, 0) from pg_class as c where c.relname like 'documents%';
