-- search with a filter for the victim {open: reads}
select content from ragwall.match_documents(tests.vec(0), 1000, '{"tenant": "acme"}'); select content from ragwall.documents;
-- search with a filter that tries to break out
select content from ragwall.match_documents(tests.vec(0), 1000, '{"x'') or true --": 1}');
-- search with a filter that everything contains
select content from ragwall.match_documents(tests.vec(0), 1000, '{}');
-- search with a filter on the tenant's column
select content from ragwall.match_documents(tests.vec(0), 1000, '{"tenant_id": "acme"}');
-- search without a limit
select content from ragwall.match_documents(tests.vec(0), null, null);
-- search with a negative k
select content from ragwall.match_documents(tests.vec(0), -1, '{}');
-- search with the largest integer as k
select content from ragwall.match_documents(tests.vec(0), 2147483647, '{}');
-- search with named arguments and an infinite k
select content from ragwall_api.match_passages(query_embedding => tests.vec(0), match_count => 'Infinity', filter => '{}');
-- search with NaN as k
select content from ragwall_api.match_passages(query_embedding => tests.vec(0), match_count => 'NaN', filter => '{}');
-- search without a filter argument
select content from ragwall.match_documents(tests.vec(0), 1000);
-- search by a vector of other dimensions
select content from ragwall.match_documents('[1,2,3]', 10, null);
-- search by a zero vector
select content from ragwall.match_documents(array_fill(0, array[1536])::real[]::public.halfvec, 10, null);
-- search laterally
select m.content from generate_series(0, 350, 50) as g, lateral ragwall.match_documents(tests.vec(g), 1000, null) as m;
-- search where the result is compared with the victim
select content from ragwall.match_documents(tests.vec(0), 1000, null) where tenant_id = 'acme';
-- search with operators of one's own before the server's [E11, J09]
set local search_path = pg_temp, ragwall, public, pg_catalog; select content from match_documents(tests.vec(0), 1000, null);
-- bind the victim in a DO block that ignores errors, then search {trusting unbound: reads}
do $$ begin perform ragwall.set_tenant('acme'); exception when others then null; end $$; select content from ragwall.match_documents(tests.vec(0), 1000, '{"tenant": "acme"}');
-- search while claiming the victim
set local app.current_tenant = 'acme'; select content from ragwall.match_documents(tests.vec(0), 1000, null);
-- search without the wrapper
select * from ragwall.search_documents(tests.vec(0), 1000, null);
-- search without the wrapper, in the search table
select * from ragwall.search_documents(tests.vec(0), 1, null); select * from ragwall.search_documents(tests.vec(0), 2, '{"tenant": "acme"}');
-- search without the wrapper, without a limit
select * from ragwall.search_documents(tests.vec(0), null, null);
-- search without the wrapper while claiming the victim
set local app.current_tenant = 'acme'; select * from ragwall.search_documents(tests.vec(0), 1, null);
-- search as the victim {trusting unbound: reads}
select content from ragwall.search_as('acme', tests.vec(0), 1000, null);
-- search as the victim in a transaction of one's own [A13] {trusting: reads}
commit; begin; select content from ragwall.search_as('acme', tests.vec(0), 1000, null); commit;
-- search as oneself, then as the victim [B11]
select content from ragwall.search_as('globex', tests.vec(0), 1000, null); select content from ragwall.search_as('acme', tests.vec(0), 1000, null);
-- search as both in one statement [B11]
select m.content from unnest(array['globex', 'acme']) as t, lateral ragwall.search_as(t, tests.vec(0), 1000, null) as m;
-- search as the victim, and ignore the refusal
do $$ begin perform ragwall.set_tenant('globex'); exception when others then null; end $$; do $$ begin perform content from ragwall.search_as('acme', tests.vec(0), 1000, null); exception when others then raise notice '%', sqlerrm; end $$; select content from ragwall.documents;
-- search as nobody
select content from ragwall.search_as(null, tests.vec(0), 1000, null); select content from ragwall.search_as('', tests.vec(0), 1000, null);
-- search with a token that is a name
select content from ragwall.search_with_token('acme', tests.vec(0), 1000, null);
-- search with one's own token, while claiming the victim
set local app.current_tenant = 'acme'; select content from ragwall.search_with_token(:'own', tests.vec(0), 1000, null);
-- search with one's own token, then claim the victim
select content from ragwall.search_with_token(:'own', tests.vec(0), 1000, null); set local app.current_tenant = 'acme'; select content from ragwall.match_documents(tests.vec(0), 1000, null); select content from ragwall.documents;
-- search a table of one's choice
select ragwall_search.search_table(jsonb_populate_record(null::ragwall_search.directory, '{"tenant_id": "acme", "relation": "search_0", "documents": 3, "ef_10": 40, "ef_100": 100}'), tests.vec(0), 10, null, null);
-- words of one's choice
select * from ragwall_search.best_by_words('acme', 'secret', 10, null);
-- the rarity of words elsewhere
select * from ragwall_search.question_words(null, row(true, 'simple', 1, true, null)::ragwall_search.word_settings, 'acme', 'secret');
-- the words of the victim
select id, terms, words from ragwall_search.words;
-- how many documents of the victim have a word
select term, documents from ragwall_search.vocabulary;
-- search by words
select content from ragwall.search_words('secret', 1000);
-- search by words, while claiming the victim
set local app.current_tenant = 'acme'; select content from ragwall.search_words('secret', 1000);
-- search by words and vectors
select content from ragwall.match_hybrid(tests.vec(0), 'secret', 1000, '{}', 0.5);
-- search by words and vectors, while claiming the victim
set local app.current_tenant = 'acme'; select content from ragwall.match_hybrid(tests.vec(0), 'secret', 1000);
-- a filter that everything fits
select content from ragwall.match_documents(tests.vec(0), 1000, '{"$not": {"$or": [{"n": {"$in": []}}, {"tenant_id": "globex"}]}}');
-- a filter that tries to leave its path
select content from ragwall.match_documents(tests.vec(0), 1000, '{"a\") || true || (\"": {"$eq": "x\" || true || \""}}');
-- bind another tenant for the functions of the owner
select ragwall_search.bind('acme'); select content from ragwall.documents;
-- words by the agents' function
select * from ragwall.agent_match_hybrid(tests.vec(0), 'secret', 1000);
-- what is wrong with a search
select ragwall.refuse_search(tests.vec(0), 10);
-- search by the agents' function
select * from ragwall.agent_match_documents(tests.vec(0), 1000, null);
-- a document of the victim by the agents' function
select * from ragwall.agent_document(ragwall.document_id('acme', 'acme.md', 0));
-- ids of the victim's documents
select ragwall.document_id('acme', 'shared.md', 0), d.content from ragwall.documents as d where d.id = ragwall.document_id('acme', 'acme.md', 0);
-- every search table that the catalog names [F06]
do $$ declare t regclass; c text; begin for t in select oid from pg_class where relname ~ '^search_' and relkind = 'r' loop begin execute format('select string_agg(metadata::text, '';'') from %s', t) into c; raise notice '% %', t, c; exception when others then raise notice '% %', t, sqlerrm; end; end loop; end $$;
-- build the victim's search table
set local app.current_tenant = 'acme'; select ragwall.build_search_table();
-- measure the victim's search table
set local app.current_tenant = 'acme'; select ragwall.measure_search_table();
-- drop the victim's search table
set local app.current_tenant = 'acme'; select ragwall.drop_search_table();
-- bring the victim's search table up to date
set local app.current_tenant = 'acme'; select ragwall.catch_up(100000);
-- bring one's own up to date, with what there is of everybody
select ragwall.catch_up(100000); select content from ragwall.match_documents(tests.vec(0), 1, null);
-- bring nothing up to date
select ragwall.catch_up(null); select ragwall.catch_up(-1); select ragwall.catch_up(2147483647);
-- measure a table of one's choice
select ragwall_search.measure('pg_authid', 1);
-- call the trigger
select ragwall_search.note_change();
-- a trigger of one's own that calls it
create trigger t after insert on ragwall.documents for each row execute function ragwall_search.note_change();
-- ragwall.index_plan()
select * from ragwall.index_plan();
-- forget_statistics()
select ragwall.forget_statistics('ragwall.documents');
-- require the victim
select ragwall.require_tenant(), ragwall.current_tenant(); select content from ragwall.documents where tenant_id = ragwall.require_tenant();
-- upsert with a tenant {open: writes}
select * from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('tenant_id', 'acme', 'id', tests.id(0), 'content', 'planted', 'embedding', tests.vec(0)::text, 'embedding_model', 'test', 'metadata', '{"tenant": "acme"}'::jsonb))); update ragwall.documents set content = 'planted' where tenant_id = 'acme';
-- upsert onto every id that there is
select * from ragwall.upsert_documents((select jsonb_agg(jsonb_build_object('id', tests.id(n), 'content', 'planted', 'embedding', tests.vec(0)::text, 'embedding_model', 'test')) from unnest(array[0, 1, 2, 1000]) as n));
-- upsert onto the victim's id of a source
select * from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('id', ragwall.document_id('acme', 'acme.md', 0), 'content', 'planted', 'embedding', tests.vec(0)::text, 'embedding_model', 'test')));
-- upsert the victim's document without an embedding, so that the stored one is kept
select * from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('id', tests.id(1000), 'content', 'acme secret 0')));
-- upsert what is no array
select * from ragwall.upsert_documents('{"content": "x"}');
-- upsert an array of values that are no objects
select * from ragwall.upsert_documents('[null, 1, "x", []]');
-- upsert metadata that is a text
select * from ragwall.upsert_documents('[{"id": "00000000-0000-4000-8000-000000000000", "content": "x", "metadata": "acme"}]');
-- upsert a position out of range
select * from ragwall.upsert_documents('[{"source": "shared.md", "position": 1e99, "content": "x"}]');
-- upsert while claiming the victim
set local app.current_tenant = 'acme'; select * from ragwall.upsert_documents(jsonb_build_array(jsonb_build_object('id', tests.id(0), 'content', 'planted', 'embedding', tests.vec(0)::text, 'embedding_model', 'test')));
-- delete others' documents
select ragwall.delete_documents(array(select tests.id(n) from generate_series(0, 1000) as n));
-- delete with null, empty and null-containing arrays of ids
select ragwall.delete_documents(null), ragwall.delete_documents('{}'), ragwall.delete_documents(array[null]::uuid[]);
-- delete others' sources
select ragwall.delete_source('acme.md', 0), ragwall.delete_source('shared.md', 0);
-- delete by filters that others' documents fit
select ragwall.delete_matching('{"tenant": "acme"}'), ragwall.delete_matching('{"n": 1}');
-- delete by a filter that everything fits
select ragwall.delete_matching('{}');
-- delete everything of a source that is a pattern
select ragwall.delete_source('%', -2147483648);
-- delete while claiming the victim
set local app.current_tenant = 'acme'; select ragwall.delete_source('shared.md', 0), ragwall.delete_documents(array(select tests.id(n) from generate_series(0, 1000) as n));
-- delete as the owner, with row security off [A11]
set local row_security = off; select ragwall.delete_source('shared.md', 0);
-- delete as the owner, with names of one's own [E11]
set local search_path = pg_temp, public, ragwall; set local plan_cache_mode = force_generic_plan; select ragwall.delete_documents(array(select tests.id(n) from generate_series(0, 1000) as n));
-- delete as the victim {trusting: writes}
rollback; begin; select ragwall.set_tenant('acme'); select ragwall.delete_source('shared.md', 0); commit;
-- call a function by another's signature
select ragwall.set_tenant(tenant => (select max(content) from ragwall.documents where tenant_id = 'acme'));
-- call the support functions of triggers, handlers and aggregates
select public.halfvec_accum(array[0]::double precision[], tests.vec(0)), public.hnsw_halfvec_support(null);
-- pgvector functions with arguments out of range
select public.halfvec_recv(null), public.subvector(tests.vec(0), 1, 2000000000), public.binary_quantize(tests.vec(0))::text is null;
