-- name the victim [A13] {trusting unbound: reads}
select ragwall.set_tenant('acme'); select * from ragwall.documents;
-- name the victim in the statement that reads [A13c] {trusting unbound: reads}
select d.* from (select ragwall.set_tenant('acme') offset 0) as t, lateral (select * from ragwall.documents offset 0) as d;
-- name the victim in a CTE of the statement that reads [A13c] {trusting unbound: reads}
with t as materialized (select ragwall.set_tenant('acme') as tenant) select d.content from t, ragwall.documents as d where d.tenant_id = t.tenant;
-- name the victim in a read-only transaction [A13d] {trusting: reads}
rollback; begin read only; select ragwall.set_tenant('acme'); select content from ragwall.documents; commit;
-- name the victim in a transaction of one's own [A13] {trusting: reads}
commit; begin; select ragwall.set_tenant('acme'); select content from ragwall.documents; commit;
-- name the victim in a DO block that raises notices {trusting unbound: reads}
do $$ begin perform ragwall.set_tenant('acme'); raise notice '%', (select string_agg(content, '; ') from ragwall.documents); end $$;
-- name the victim after a commit inside a DO block, in a message of several statements
commit; do $$ begin perform ragwall.set_tenant('globex'); commit; perform ragwall.set_tenant('acme'); raise notice '%', (select max(content) from ragwall.documents); end $$;
-- clear the setting, then name the victim [B11, J08k] {trusting: reads}
select set_config('app.current_tenant', '', true); select ragwall.set_tenant('acme'); select content from ragwall.documents;
-- reset the setting, then name the victim [B11] {trusting: reads}
reset app.current_tenant; select ragwall.set_tenant('acme'); select content from ragwall.documents;
-- reset everything, then name the victim [J08k] {trusting: reads}
reset all; select ragwall.set_tenant('acme'); select content from ragwall.documents;
-- break the seal, then name the victim [B11] {trusting: reads}
set local app.tenant_seal = 'x'; select ragwall.set_tenant('acme'); select content from ragwall.documents;
-- name the victim through the function by number {trusting unbound: reads}
do $$ begin execute format('select %s(''acme'')', 'ragwall.set_tenant(text)'::regprocedure::regproc); raise notice '%', (select max(content) from ragwall.documents); end $$;
-- name the victim in a sub-select of the condition {trusting unbound: reads}
select content from ragwall.documents where (select ragwall.set_tenant('acme')) is not null union all select content from ragwall.documents;
-- roll back to a savepoint from before the binding [B08] {trusting unbound: reads}
savepoint a; select ragwall.set_tenant('acme'); savepoint b; select content from ragwall.documents; rollback to a; select content from ragwall.documents;
-- bind inside a savepoint that is rolled back, then read [B08, J08g]
savepoint a; do $$ begin perform ragwall.set_tenant('acme'); exception when others then null; end $$; rollback to a; select content from ragwall.documents;
-- bind two tenants in one transaction [B11]
select ragwall.set_tenant('globex'); select ragwall.set_tenant('acme'); select content from ragwall.documents;
-- bind two tenants in one transaction, and ignore the refusal [B11]
do $$ begin perform ragwall.set_tenant('globex'); perform ragwall.set_tenant('acme'); exception when others then raise notice '% %', sqlstate, sqlerrm; end $$; select content from ragwall.documents;
-- bind within a subtransaction that fails, keep what it set [B08]
do $$ begin begin perform ragwall.set_tenant('acme'); raise exception 'undo'; exception when others then null; end; raise notice '%', (select max(content) from ragwall.documents); end $$;
-- open a cursor as the own tenant, fetch from it as the victim {trusting: reads}
rollback; begin; select ragwall.set_tenant('globex'); declare c cursor for select content from ragwall.documents; select set_config('app.current_tenant', '', true); select ragwall.set_tenant('acme'); fetch all from c; commit;
-- claim the victim in the setting [A13, J07]
set app.current_tenant = 'acme'; select content from ragwall.documents;
-- claim the victim for the transaction [J07]
set local app.current_tenant = 'acme'; select content from ragwall.documents;
-- claim the victim by set_config [A13, J07]
select set_config('app.current_tenant', 'acme', true); select content from ragwall.documents;
-- claim the victim for the session [B04, J07]
select set_config('app.current_tenant', 'acme', false); commit; select content from ragwall.documents;
-- claim the victim where it is compared [A13b]
select content from ragwall.documents where set_config('app.current_tenant', 'acme', true) is not null;
-- claim the victim in a CTE [A13c]
with t as materialized (select set_config('app.current_tenant', 'acme', true)) select content from t, ragwall.documents;
-- claim the victim with one's own seal [J07b]
set local app.current_tenant = 'acme'; select current_setting('app.tenant_seal', true), content from ragwall.documents;
-- claim the victim with an empty seal [J07]
set local app.current_tenant = 'acme'; set local app.tenant_seal = ''; select content from ragwall.documents;
-- claim the victim with a seal of zeros [J07]
set local app.current_tenant = 'acme'; select set_config('app.tenant_seal', repeat('0', 64), true); select content from ragwall.documents;
-- claim the victim with one's own seal, cut short [J07b]
set local app.current_tenant = 'acme'; select set_config('app.tenant_seal', left(current_setting('app.tenant_seal', true), n), true), (select count(*) from ragwall.documents as d where d.position >= n * 0) from generate_series(0, 63) as n; select content from ragwall.documents;
-- claim the victim with one's own seal in capitals [J07b]
set local app.current_tenant = 'acme'; select set_config('app.tenant_seal', upper(current_setting('app.tenant_seal', true)), true); select content from ragwall.documents;
-- guess seals [J07]
do $$ begin for n in 0..255 loop perform set_config('app.current_tenant', 'acme', true), set_config('app.tenant_seal', repeat(lpad(to_hex(n), 2, '0'), 32), true); if exists (select from ragwall.documents) then raise notice '%', (select max(content) from ragwall.documents); end if; end loop; end $$;
-- make a seal of an empty key [J07]
set local app.current_tenant = 'acme'; select set_config('app.tenant_seal', encode(sha256(sha256(int4send(pg_backend_pid()) || timestamptz_send(transaction_timestamp()) || 'acme'::bytea)), 'hex'), true); select content from ragwall.documents;
-- append to a name that was sealed [J07b]
select set_config('app.current_tenant', current_setting('app.current_tenant', true) || E'\nacme', true); select content from ragwall.documents;
-- replay one's own seal in the next transaction [J07d]
select set_config('x.seal', current_setting('app.tenant_seal', true), false); commit; begin; select set_config('app.tenant_seal', current_setting('x.seal', true), true), set_config('app.current_tenant', 'acme', true); select content from ragwall.documents; commit;
-- replay one's own seal in the same message under another name [J07e]
commit; begin; select ragwall.set_tenant_from_token(:'own'); select set_config('x.seal', current_setting('app.tenant_seal'), false); commit; begin; select set_config('app.tenant_seal', current_setting('x.seal'), true), set_config('app.current_tenant', 'acme', true); select content from ragwall.documents; commit;
-- claim the victim for the session, and read in the next transaction [B01, B06b]
set session app.current_tenant = 'acme'; set session app.tenant_seal = 'x'; commit; begin; select content from ragwall.documents; commit;
-- claim the empty tenant [B01, B02]
set local app.current_tenant = ''; set local app.tenant_seal = ''; select content from ragwall.documents; insert into ragwall.documents (content, embedding, embedding_model) values ('ghost', tests.vec(1), 'test');
-- claim a pattern as the tenant
set local app.current_tenant = '%'; select content from ragwall.documents;
-- reset the claim to its default [B01]
set local app.current_tenant to default; set local app.tenant_seal to default; select content from ragwall.documents;
-- claim the victim with the setting's name in capitals
set local "APP.CURRENT_TENANT" = 'acme'; select content from ragwall.documents;
-- discard everything inside a transaction
discard all; select content from ragwall.documents;
-- discard everything after the transaction, then read
commit; discard all; select content from ragwall.documents;
-- discard plans and sequences in the transaction, then read
discard plans; discard sequences; discard temp; select content from ragwall.documents;
-- bind an ill-formed tenant [A10b]
select ragwall.set_tenant('acme '); select content from ragwall.documents;
-- bind a tenant with a line feed
select ragwall.set_tenant(E'acme\n'); select content from ragwall.documents;
-- bind a look-alike [A10]
select ragwall.set_tenant(U&'\0430cme'); select content from ragwall.documents;
-- bind a pattern
do $$ begin perform ragwall.set_tenant('acm_'); exception when others then null; end $$; select content from ragwall.documents where tenant_id like 'acm_';
-- bind no tenant
select ragwall.set_tenant(null); select content from ragwall.documents;
-- bind a name of a hundred thousand letters
select ragwall.set_tenant(repeat('a', 100000)); select content from ragwall.documents;
-- bind by the private function [J10]
select ragwall_private.bind('acme', ''); select content from ragwall.documents;
-- seal by the private function [J10]
select ragwall_private.seal('\x00', '\x00', 'acme', '');
-- claim the victim as a default of one's role [B10, D11c]
alter role current_user set app.current_tenant = 'acme';
-- claim the victim as a default of the database [B10]
do $$ begin execute format('alter database %I set app.current_tenant = %L', current_database(), 'acme'); end $$;
-- claim the victim as a default of the server [B10]
commit; alter system set app.current_tenant = 'acme';
