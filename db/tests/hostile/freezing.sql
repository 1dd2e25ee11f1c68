-- lock the table [D10]
lock table ragwall.documents in access exclusive mode;
-- lock the table in a weaker mode [D10b]
lock table ragwall.documents in share mode;
-- lock the table as a writer does [D10b]
lock table ragwall.documents in row exclusive mode;
-- lock the table as a reader does
lock table ragwall.documents in access share mode;
-- lock a partition
lock table ragwall.documents_rows in access exclusive mode;
-- lock what the search reads
lock table ragwall_search.directory in access share mode;
-- lock the directory against upkeep
lock table ragwall_search.directory in row exclusive mode;
-- lock the tail against writers
lock table ragwall_search.tail in share mode;
-- lock every search table
do $$ declare t regclass; begin for t in select oid from pg_class where relname ~ '^search_' and relkind = 'r' loop begin execute format('lock table %s in access share mode', t); exception when others then raise notice '%', sqlerrm; end; end loop; end $$;
-- lock the entries of the directory, so that nobody catches up
select tenant_id from ragwall_search.directory for update;
-- lock the keys
lock table ragwall_private.seal_key;
-- lock the catalog
lock table pg_catalog.pg_class in access exclusive mode;
-- lock every row {open: reads}
select content from ragwall.documents for update; select pg_sleep(0.01);
-- advisory locks on keys that others may use [C10]
select count(pg_advisory_lock(n)) from generate_series(1, 100) as n;
-- an advisory lock that outlives the transaction [C10]
select pg_try_advisory_lock(1); commit;
-- cancel what others run [D13]
select count(pg_cancel_backend(pid)) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid();
-- end the sessions of others [D13]
select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid();
-- end one's own session
select pg_terminate_backend(pg_backend_pid());
-- listen and notify on a channel of others [C11]
listen documents; select pg_notify('documents', 'poisoned'); commit;
-- fill the queue of notifications
select count(pg_notify('documents', repeat('x', 7000) || n)) from generate_series(1, 50) as n; commit;
-- sleep
set local statement_timeout = '50ms'; select pg_sleep(60);
-- a sort that needs much memory
set local statement_timeout = '50ms'; select count(*) from (select g from generate_series(1, 100000000) as g order by random()) as s;
-- endless recursion
set local statement_timeout = '50ms'; with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r;
-- a regular expression that backtracks for ever
set local statement_timeout = '50ms'; select repeat('a', 5000) ~ '(a*)*(a*)*(a*)*b';
-- a thousand savepoints
do $$ begin for n in 1..1000 loop begin perform 1; exception when others then null; end; end loop; end $$;
-- close, deallocate and unlisten what the driver has made [G01]
close all; deallocate all; unlisten *;
-- a prepared statement under a name of the pooler's [G01]
prepare "PGBOUNCER_1" as select 'poisoned'; commit;
-- leave a transaction open
commit; begin; select content from ragwall.documents;
-- leave a transaction that failed
commit; begin; select 1 / 0;
-- chain transactions
commit and chain; select content from ragwall.documents; rollback and chain; select content from ragwall.documents;
