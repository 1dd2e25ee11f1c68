-- One defect each, one statement away from world.sql: its check, and the object that it names. Roles.
select *
from (
  values
    ('R00', 'database ' || quote_ident(current_database()), 'a role that is not there', $$
      set local ragwall.app_roles = 'app_user, app_reader, typo'$$),
    ('R01', 'app_user', 'a superuser', 'alter role app_user superuser'),
    ('R01', 'boss', 'a superuser who is a member', 'create role boss login superuser in role app_user'),
    ('R02', 'app_reader', 'bypassrls', 'alter role app_reader bypassrls'),
    ('R02', 'shop_api', 'bypassrls of a login', 'alter role shop_api bypassrls'),
    ('R03', 'app_user', 'replication', 'alter role app_user replication'),
    ('R04', 'app_user', 'createrole', 'alter role app_user createrole'),
    ('R05', 'app_user', 'createdb', 'alter role app_user createdb'),
    ('R06', 'app_user in pg_read_all_data', 'a role of the server''s', 'grant pg_read_all_data to app_user'),
    ('R06', 'app_reader in pg_monitor', 'a role of the server''s that has others', 'grant pg_monitor to app_reader'),
    ('R06', 'app_user in pg_write_all_data', 'a role of the server''s, by a group', $$
      grant pg_write_all_data to shop_staff;
      grant shop_staff to app_user$$),
    ('R07', 'app_user in ragwall_owner', 'a member of the owner', 'grant ragwall_owner to app_user'),
    ('R07', 'app_user in ragwall_search', 'a member of the role that searches', 'grant ragwall_search to app_user'),
    ('R07', 'app_user in ragwall_owner', 'by a group that does not inherit', $$
      alter role shop_staff noinherit;
      grant ragwall_owner to shop_staff;
      grant shop_staff to app_user$$),
    ('R07', 'app_user in ragwall_owner', 'as its administrator alone',
      'grant ragwall_owner to app_user with admin option' || case when current_setting('server_version_num')::integer
        >= 160000 then '; grant ragwall_owner to app_user with inherit false, set false' else '' end),
    ('R07', 'app_user in ragwall_owner', 'inheriting alone', 'grant ragwall_owner to app_user'
      || case when current_setting('server_version_num')::integer >= 160000 then ' with inherit true, set false' else '' end),
    ('R07', 'app_user in ragwall_owner', 'becoming it alone', 'grant ragwall_owner to app_user'
      || case when current_setting('server_version_num')::integer >= 160000 then ' with inherit false, set true' else '' end),
    ('R07', 'app_reader in ragwall_context', 'a member of who owns the context', $$
      grant ragwall_context to app_reader$$),
    ('R07', 'app_user in boss', 'a member of who is not bound', 'create role boss bypassrls; grant boss to app_user'),
    ('R07', 'app_user in boss', 'a member of who makes roles', 'create role boss createrole; grant boss to app_user'),
    ('R07', 'app_user in boss', 'a member of who replicates', 'create role boss replication; grant boss to app_user'),
    ('R07', 'migrator in ragwall_owner', 'a login that migrates', 'create role migrator login in role ragwall_owner'),
    ('R08', 'app_user', 'it owns a table', 'alter table shop.orders owner to app_user'),
    ('R08', 'app_user', 'it owns a function', 'alter function shop.count_orders() owner to app_user'),
    ('R08', 'app_user', 'it owns a schema', 'alter schema shop owner to app_user'),
    ('R08', 'app_user', 'it owns the database', format('alter database %I owner to app_user', current_database())),
    ('R08', 'app_user', 'it owns what has no tenants', $$
      create table shop.jobs (id integer);
      alter table shop.jobs owner to app_user$$),
    ('R08', 'shop_staff', 'a group of its owns a schema', $$
      alter schema shop owner to shop_staff;
      grant shop_staff to app_user$$),
    ('R09', 'ragwall_owner', 'the owner logs in', 'alter role ragwall_owner login'),
    ('R10', 'backup', 'a login that bypasses', 'create role backup login bypassrls'),
    ('R10', 'backup', 'a login that replicates', 'create role backup login replication'),
    ('R11', 'shop.orders for app_reader', 'a privilege to pass on', $$
      grant select (note) on shop.orders to app_reader with grant option$$),
    ('R12', 'parameter log_statement for app_user', 'a parameter', $$
      grant set on parameter log_statement to app_user$$),
    ('R12', 'parameter log_statement for shop_staff', 'a parameter, by a group', $$
      grant set, alter system on parameter log_statement to shop_staff;
      grant shop_staff to app_user$$),
    ('R13', 'CONNECT for PUBLIC', 'everybody may connect', format('grant connect on database %I to public', current_database())),
    ('R13', 'CONNECT for app_user', 'whoever is a member may connect',
      format('grant connect on database %I to app_user', current_database())),
    ('R14', 'pg_advisory_lock for PUBLIC', 'everybody may take locks',
      'grant execute on function pg_advisory_lock(bigint) to public'),
    ('R14', 'pg_advisory_lock for app_user', 'an application may take locks',
      'grant execute on function pg_advisory_lock(bigint) to app_user'),
    ('R15', 'shop_api', 'statements without end', format('grant connect on database %I to shop_api;
      alter role shop_api reset statement_timeout', current_database())),
    ('R15', 'shop_api', 'transactions without end', format('grant connect on database %I to shop_api;
      alter role shop_api in database %1$I set idle_in_transaction_session_timeout = ''0min''', current_database()))
) as v (id, object, name, statement)
