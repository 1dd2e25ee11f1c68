-- use a stolen token that is still valid [J06] {trusting unbound: reads; signed unbound: reads}
select ragwall.set_tenant_from_token(:'stolen'); select content from ragwall.documents;
-- use a stolen token in a transaction of its own [J06] {trusting: reads; signed: reads}
commit; begin; select ragwall.set_tenant_from_token(:'stolen'); select content from ragwall.documents; commit;
-- use a stolen token after clearing one's own [J06, J08k] {trusting: reads; signed: reads}
reset app.current_tenant; select ragwall.set_tenant_from_token(:'stolen'); select content from ragwall.documents;
-- use two tokens in one transaction [J08i]
select ragwall.set_tenant_from_token(:'own'); select ragwall.set_tenant_from_token(:'stolen'); select content from ragwall.documents;
-- swap the payload [J04]
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- take the payload of the victim's token under one's own signature [J04]
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || split_part(:'stolen', '.', 2) || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- take the signature of the victim's expired token [J04]
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'expired', '.', 3)); select content from ragwall.documents;
-- alg none and no signature [J02]
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"none"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || ''); select content from ragwall.documents;
-- alg none and one's own signature [J02b]
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"none","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- two segments [J02]
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=')); select content from ragwall.documents;
-- an empty signature [J02]
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || ''); select content from ragwall.documents;
-- a signature of zeros
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || repeat('A', 43)); select content from ragwall.documents;
-- sign with an empty key [J03c]
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(sha256(decode(repeat('5c', 64), 'hex') || sha256(decode(repeat('36', 64), 'hex') || convert_to(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '='), 'UTF8'))), 'base64'), E'+/\n', '-_'), '=')); select content from ragwall.documents;
-- sign with a hash that has no key [J03c]
select ragwall.set_tenant_from_token(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(sha256(''::bytea || sha256(''::bytea || convert_to(rtrim(translate(encode(convert_to('{"alg":"HS256","kid":"hostile"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","aud":"ragwall:' || current_database() || '","iat":' || floor(extract(epoch from now())) || ',"exp":' || floor(extract(epoch from now())) + 60 || '}', 'UTF8'), 'base64'), E'+/\n', '-_'), '='), 'UTF8'))), 'base64'), E'+/\n', '-_'), '=')); select content from ragwall.documents;
-- another spelling of the last letter of the signature [J04b]
select ragwall.set_tenant_from_token(left(:'stolen', -1) || translate(right(:'stolen', 1), 'AEIMQUYcgkosw048', 'BFJNRVZdhlptx159')); select content from ragwall.documents;
-- padding after the signature [J04b]
select ragwall.set_tenant_from_token(:'stolen' || '='); select content from ragwall.documents;
-- padding after the payload [J04b]
select ragwall.set_tenant_from_token(split_part(:'stolen', '.', 1) || '.' || split_part(:'stolen', '.', 2) || '=' || '.' || split_part(:'stolen', '.', 3)); select content from ragwall.documents;
-- a fourth segment [J04c]
select ragwall.set_tenant_from_token(:'stolen' || '.e30'); select content from ragwall.documents;
-- an empty first segment [J04c]
select ragwall.set_tenant_from_token('.' || :'stolen'); select content from ragwall.documents;
-- five segments, like an encrypted token [J04c]
select ragwall.set_tenant_from_token('a.b.c.d.e'); select content from ragwall.documents;
-- a space before the token
select ragwall.set_tenant_from_token(' ' || :'stolen'); select content from ragwall.documents;
-- a line feed after the token
select ragwall.set_tenant_from_token(:'stolen' || E'\n'); select content from ragwall.documents;
-- a tab inside the token
select ragwall.set_tenant_from_token(overlay(:'stolen' placing E'\t' from 20 for 0)); select content from ragwall.documents;
-- Bearer before the token
select ragwall.set_tenant_from_token('Bearer ' || :'stolen'); select content from ragwall.documents;
-- fullwidth dots between the segments
select ragwall.set_tenant_from_token(replace(:'stolen', '.', U&'\FF0E')); select content from ragwall.documents;
-- a payload in another script
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || U&'\0430\0441' || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- a token in capitals
select ragwall.set_tenant_from_token(upper(:'stolen')); select content from ragwall.documents;
-- a token of two megabytes
select ragwall.set_tenant_from_token(repeat('A', 2000000) || '.' || :'stolen'); select content from ragwall.documents;
-- a payload of two megabytes under one's own signature
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || repeat('A', 2000000) || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- a token as JSON
select ragwall.set_tenant_from_token(json_build_object('token', :'stolen')::text); select content from ragwall.documents;
-- duplicate claims, the last of them the victim, under one's own signature
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"globex","tenant_id":"acme"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- duplicate claims, the first of them the victim, under one's own signature
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme","tenant_id":"globex"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- a payload that is no JSON under one's own signature
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('acme', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- SQL in the payload under one's own signature
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme'' or true --"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- an escaped NUL in the payload under one's own signature
select ragwall.set_tenant_from_token(split_part(:'own', '.', 1) || '.' || rtrim(translate(encode(convert_to('{"tenant_id":"acme\u0000"}', 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- a pattern as header
select ragwall.set_tenant_from_token('%' || '.' || split_part(:'own', '.', 2) || '.' || split_part(:'own', '.', 3)); select content from ragwall.documents;
-- SQL for a token
select ragwall.set_tenant_from_token('''); select set_config(''app.current_tenant'', ''acme'', true); --'); select content from ragwall.documents;
-- no token
select ragwall.set_tenant_from_token(null); select content from ragwall.documents;
-- the empty token
select ragwall.set_tenant_from_token(''); select content from ragwall.documents;
-- dots for a token
select ragwall.set_tenant_from_token('..'); select content from ragwall.documents;
-- try last letters of a signature
do $$ begin for n in 1..64 loop begin perform ragwall.set_tenant_from_token(split_part(:'stolen', '.', 1) || '.' || split_part(:'stolen', '.', 2) || '.' || repeat('A', 42) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', n, 1)); raise notice '%', (select max(content) from ragwall.documents); exception when others then null; end; end loop; end $$;
-- have debug output print the keys [J10c]
set local client_min_messages = debug5; set local debug_print_parse = on; set local debug_print_rewritten = on; set local debug_print_plan = on; set local plan_cache_mode = force_custom_plan; set local plpgsql.print_strict_params = on;
do $$ begin perform ragwall.set_tenant_from_token(:'own'); perform ragwall.current_tenant(); perform ragwall.set_tenant_from_token(:'expired'); exception when others then raise notice '%', sqlerrm; end $$;
-- add a key of one's own
select ragwall.add_signing_key('mine')::jsonb;
-- add a key for an audience
select ragwall.add_signing_key('mine', 'x');
-- retire the key
select ragwall.retire_signing_key('hostile');
-- list the keys
select * from ragwall.signing_keys();
-- read the keys that tokens are signed with [J10]
select kid, encode(inner_pad, 'hex'), encode(outer_pad, 'hex') from ragwall_private.signing_key;
-- read the key of the seals [J10]
select encode(inner_key, 'hex'), encode(outer_key, 'hex') from ragwall_private.seal_key;
-- replace the key of the seals
update ragwall_private.seal_key set inner_key = decode(repeat('00', 64), 'hex');
-- make a pad by the private function [J10]
select ragwall_private.pad('\x00', 54);
