-- insert for the victim
insert into ragwall.documents (tenant_id, content, embedding, embedding_model) values ('acme', 'planted', tests.vec(0), 'test');
-- insert for the victim by a default
insert into ragwall.documents (tenant_id, content, embedding, embedding_model) values (default, 'planted', tests.vec(0), 'test');
-- insert while claiming the victim
set local app.current_tenant = 'acme'; insert into ragwall.documents (content, embedding, embedding_model) values ('planted', tests.vec(0), 'test');
-- insert as the victim [A05] {trusting: writes}
rollback; begin; select ragwall.set_tenant('acme'); insert into ragwall.documents (content, embedding, embedding_model) values ('planted', tests.vec(0), 'test'); commit;
-- insert whole rows
insert into ragwall.documents select * from ragwall.documents;
-- insert for the tenant null [A07]
insert into ragwall.documents (tenant_id, content, embedding, embedding_model) values (null, 'planted', tests.vec(0), 'test');
-- insert with a tenant in a view of the table
insert into ragwall.documents (content, embedding, embedding_model) overriding system value values ('planted', tests.vec(0), 'test') returning tenant_id, tableoid::regclass;
-- update tenant_id [A04b, A05b]
update ragwall.documents set tenant_id = 'acme';
-- update tenant_id with a condition [A05b]
update ragwall.documents set tenant_id = 'acme' where tenant_id = 'globex' returning *;
-- update everything [A05c] {open: reads and writes}
update ragwall.documents set content = content || ' planted' returning content;
-- update without a condition [A05c] {open: writes}
update ragwall.documents set metadata = '{"planted": 1}';
-- update the victim's rows {open: writes}
update ragwall.documents set content = 'planted' where tenant_id = 'acme';
-- update from a join {open: writes}
update ragwall.documents as d set content = v.c from (values ('acme', 'planted')) as v (t, c) where d.tenant_id = v.t;
-- update through a CTE {open: reads and writes}
with u as (update ragwall.documents set content = content || '!' returning *) select content from u;
-- update the embeddings, so that nobody finds them {open: writes}
update ragwall.documents set embedding = tests.vec(180);
-- update while claiming the victim
set local app.current_tenant = 'acme'; update ragwall.documents set content = 'planted';
-- update as the victim {trusting: writes}
rollback; begin; select ragwall.set_tenant('acme'); update ragwall.documents set content = 'planted'; commit;
-- update where current of a cursor {open: reads and writes}
declare c cursor for select content from ragwall.documents where tenant_id = 'acme' for update; fetch next from c; update ragwall.documents set content = 'planted' where current of c;
-- update the ids
update ragwall.documents set id = gen_random_uuid();
-- update the source
update ragwall.documents set source = 'acme.md', position = 0;
-- merge over everything {open: writes}
merge into ragwall.documents as d using (values (1)) as v (n) on true when matched then update set content = 'planted';
-- merge that deletes
merge into ragwall.documents as d using (values (1)) as v (n) on true when matched then delete;
-- upsert in SQL
insert into ragwall.documents (id, content, embedding, embedding_model) select tests.id(n), 'planted', tests.vec(0), 'test' from generate_series(0, 2) as n on conflict (tenant_id, id) do update set content = excluded.content returning tenant_id, content;
-- upsert in SQL, onto another constraint
insert into ragwall.documents (source, position, content, embedding, embedding_model) values ('shared.md', 0, 'planted', tests.vec(0), 'test') on conflict on constraint documents_tenant_id_source_position_key do update set content = excluded.content;
-- upsert with another tenant on conflict
insert into ragwall.documents (id, content, embedding, embedding_model) values (tests.id(0), 'planted', tests.vec(0), 'test') on conflict (tenant_id, id) do update set tenant_id = 'acme';
-- delete everything
delete from ragwall.documents;
-- delete the victim's rows
delete from ragwall.documents where tenant_id = 'acme';
-- delete using a join
delete from ragwall.documents using (values ('acme')) as v (t) where tenant_id = v.t returning content;
-- truncate [D07]
truncate ragwall.documents;
-- truncate with all that depends [D07]
truncate ragwall.documents, ragwall_private.seal_key restart identity cascade;
-- COPY in, from a program [E19c]
copy ragwall.documents (content) from program 'echo planted';
-- write a great object [E20]
select lo_from_bytea(0, 'mine') > 0;
-- note changes of the victim [L05] {open: writes}
insert into ragwall_search.tail (tenant_id, id) values ('acme', tests.id(1000));
-- note changes of the victim while claiming it [L05] {open: writes}
set local app.current_tenant = 'acme'; insert into ragwall_search.tail (tenant_id, id) values ('acme', tests.id(1000));
-- note changes of one's own to the victim's documents, and search
insert into ragwall_search.tail (tenant_id, id) select 'globex', tests.id(n) from unnest(array[0, 1, 2, 1000]) as n; select content from ragwall.match_documents(tests.vec(0), 3, null); select ragwall.catch_up(1000); select content from ragwall.match_documents(tests.vec(0), 3, null);
-- empty the tail
delete from ragwall_search.tail;
-- move the tail
update ragwall_search.tail set tenant_id = 'globex';
-- point one's own entry of the directory elsewhere
update ragwall_search.directory set relation = (select relname from pg_class where relname ~ '^search_' and relkind = 'r' limit 1);
-- enter the directory
insert into ragwall_search.directory (tenant_id) values ('initech');
-- leave the directory
delete from ragwall_search.directory;
-- truncate what the search reads [D07]
truncate ragwall_search.tail, ragwall_search.directory;
-- insert where the search reads
insert into ragwall.documents_rows (tenant_id, content, embedding, embedding_model) values ('acme', 'planted', tests.vec(0), 'test');
-- write into every search table
do $$ declare t regclass; begin for t in select oid from pg_class where relname ~ '^search_' and relkind = 'r' loop begin execute format('insert into %s select * from %s', t, t); exception when others then raise notice '%', sqlerrm; end; begin execute format('delete from %s', t); exception when others then raise notice '%', sqlerrm; end; end loop; end $$;
-- write the catalog
update pg_catalog.pg_class set relrowsecurity = false where relname = 'documents';
-- delete from the catalog
delete from pg_catalog.pg_policy;
-- change the default of tenant_id
alter table ragwall.documents alter column tenant_id set default 'acme';
-- insert in a transaction that is prepared [C12]
insert into ragwall.documents (content, embedding, embedding_model) values ('x', tests.vec(0), 'test'); prepare transaction 'hostile';
-- end somebody's prepared transaction [C12]
commit; rollback prepared 'acme-ingest';
