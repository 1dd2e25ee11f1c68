-- become the owner [A03, A12b]
set role ragwall_owner; select content from ragwall.documents;
-- become the owner of the context [J11]
set role ragwall_context; select * from ragwall_private.seal_key;
-- become the superuser [A12]
set session authorization postgres; select content from ragwall.documents;
-- become the superuser by a setting [A12]
select set_config('session_authorization', 'postgres', false), set_config('role', 'postgres', false); select content from ragwall.documents;
-- become an agent
set role agent_reader; select content from ragwall.documents;
-- reset session authorization and role
reset session authorization; reset role; set role none; select content from ragwall.documents;
-- become pg_read_all_data [E22b]
set role pg_read_all_data; select content from ragwall.documents;
-- take the superuser's powers
alter role current_user superuser;
-- take the power to see through policies
alter role current_user bypassrls replication createrole;
-- change another role
alter role ragwall_owner login password 'x';
-- make a role
create role hostile bypassrls;
-- join the owner [A03]
grant ragwall_owner to current_user;
-- join pg_read_all_data [E22b]
grant pg_read_all_data, pg_execute_server_program to current_user;
-- grant the own role to others
grant app_user to agent_reader;
-- rename a role
alter role ragwall_owner rename to owner;
-- drop a role
drop role agent_reader;
-- take over what the owner owns
reassign owned by ragwall_owner to current_user;
-- drop what the owner owns
drop owned by ragwall_owner cascade;
-- drop what is granted to oneself
drop owned by current_user;
-- give oneself every privilege
grant all on ragwall.documents to current_user; grant all on all tables in schema ragwall to public; truncate ragwall.documents;
-- give oneself the functions of the keys
grant execute on all functions in schema ragwall_private to public; grant usage on schema ragwall_private to public; select * from ragwall_private.seal_key;
-- revoke a privilege from the role of the victim's connections
revoke all on ragwall.documents from app_user; revoke all on all functions in schema ragwall from app_user;
-- own the table
alter table ragwall.documents owner to current_user;
-- privileges by default [E03]
alter default privileges for role ragwall_owner grant all on tables to public;
-- the right to set what only superusers may
grant set on parameter session_replication_role to current_user;
-- settings of one's own role, for every later session [D11, K06] {both: alters}
commit; alter role current_user set statement_timeout = '1ms';
-- a search_path of the own role, for every later session [K06] {both: alters}
commit; alter role current_user set search_path = pg_temp, public;
-- row security off, for every later session [D11] {both: alters}
commit; alter role current_user set row_security = off;
-- the password of one's own role [D12] {both: alters}
commit; alter role current_user password 'hostile';
-- an expiry date for the own role
alter role current_user valid until '2000-01-01';
-- a connection limit for the own role
alter role current_user connection limit 0;
-- settings of somebody else's role
alter role agent_reader set default_transaction_read_only = off;
-- settings of all roles
alter role all set row_security = off;
-- ragwall.residue = allow for the database
do $$ begin execute format('alter database %I set ragwall.residue = %L', current_database(), 'allow'); end $$;
-- comment on a role
comment on role ragwall_owner is 'x';
-- label a table
security label on table ragwall.documents is 'public';
