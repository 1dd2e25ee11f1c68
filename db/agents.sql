-- For databases in which agent_reader or agent_caller run SQL that others write. Postgres lets every role use functions
-- and catalogs by which it can observe other tenants. This file revokes them from PUBLIC.
--
-- Run it in every such database after the migrations, as a superuser. It can be repeated; repeat it after cloning a
-- database. It concerns every role that is not a superuser: what is revoked from PUBLIC is granted to pg_monitor, and
-- what applications need for introspection to app_user and app_reader. Grant it to other roles that need it.
-- db/agents-undo.sql undoes it.
--
-- Another role than a superuser, with CREATEROLE, can only set limits: it is told what is left.
do $$
begin
  if current_setting('is_superuser') = 'off' then
    raise notice 'only limits are set: nobody but a superuser can revoke from PUBLIC. Agents still see names, sizes, '
      'counters, locks and activity of all tenants, notify and cancel sessions of their own role, and use plpgsql; '
      'track_activities and temp_file_limit stay. Give them no statements of their own here: call '
      'ragwall.agent_match_documents() for them, or give them a database that has no other tenants';
  end if;
end
$$;

-- A login that is a member of one of the two roles gets these settings from ragwall.grant_login(), so call that
-- afterwards. A client can change read-only mode, the timeouts and client_connection_check_interval; only a superuser
-- can change the settings below those. A client cannot change the query_timeout of PgBouncer either, but that only
-- disconnects the client: its statement may continue on the server. Therefore the number of connections is limited.
do $$
declare
  agent text;
begin
  foreach agent in array array['agent_reader', 'agent_caller'] loop
    execute format('alter role %I set default_transaction_read_only = on', agent);
    execute format('alter role %I set statement_timeout = %L', agent, '5s');
    execute format('alter role %I set lock_timeout = %L', agent, '1s');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', agent, '10s');
    execute format('alter role %I set client_connection_check_interval = %L', agent, '1s');
    execute format('alter role %I connection limit 10', agent);
    if current_setting('is_superuser') = 'on' then
      execute format('alter role %I set track_activities = off', agent);
      execute format('alter role %I set temp_file_limit = %L', agent, '64MB');
    end if;
  end loop;
end
$$;

do $$
declare
  routine record;
begin
  if current_setting('is_superuser') = 'off' then
    return;
  end if;
  for routine in
    select p.oid::regprocedure as name, bool_or(u.kept) as kept
    from pg_proc as p
    join (
      values
        -- Advisory locks, which every role shares. db/bootstrap.sql has revoked them if a superuser ran it.
        ('^pg_(try_)?advisory_', false), ('^pg_advisory_unlock_all\(', true),
        -- Notifications, large objects (which have no row-level security), and cancelling statements of other sessions.
        ('^(pg_notify|pg_logical_emit_message|loread|lowrite|pg_cancel_backend|pg_terminate_backend)\(', false),
        ('^lo_', false),
        -- Sizes, activity and locks of other tenants and sessions.
        ('^pg_stat_', false),
        ('^pg_(lock_status|blocking_pids|safe_snapshot_blocking_pids|prepared_xact|'
          'notification_queue_usage|isolation_test)', false),
        ('^pg_(current_wal|last_|get_wal|wal_|xact_|visible_in|replication_origin|control_|available_wal|'
          'get_replication_slots)', false),
        ('^(pg_(current_snapshot|current_xact_id|snapshot)|txid_|pg_export_snapshot|pg_get_multixact|'
          'mxid_age|age\(xid)', false),
        ('^pg_(relation|table|indexes|total_relation|database|tablespace)_size\(', true),
        -- Definitions by object id: those of indexes and constraints can have the name of a tenant.
        ('^pg_get_(indexdef|constraintdef|expr|ruledef|triggerdef|viewdef|statisticsobjdef)', true),
        ('^pg_get_part(keydef|ition_constraintdef)\(|^pg_(describe|identify)_object', true)
    ) as u (pattern, kept) on p.oid::regprocedure::text ~ u.pattern
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.prokind = 'f'
      and has_function_privilege('public', p.oid, 'execute')
    group by p.oid
  loop
    execute format('revoke execute on function %s from public', routine.name);
    execute format(
      'grant execute on function %s to pg_monitor %s',
      routine.name,
      case when routine.kept then ', app_user, app_reader, ragwall_owner, ragwall_context' else '' end
    );
  end loop;
end
$$;

-- The catalogs, which have the names, sizes, predicates and counters of all objects.
do $$
declare
  relations constant text := (
    select string_agg(c.oid::regclass::text, ', ')
    from pg_class as c
    where c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and c.relkind in ('r', 'v')
      and has_table_privilege('public', c.oid, 'select')
  );
begin
  if current_setting('is_superuser') = 'off' then
    return;
  end if;
  if relations is not null then
    execute format('revoke select on %s from public', relations);
    execute format('grant select on %s to pg_monitor, app_user, app_reader, ragwall_owner, ragwall_context', relations);
  end if;
end
$$;

do $$
begin
  if current_setting('is_superuser') = 'off' then
    return;
  end if;
  -- A DO block can assemble statements that cannot be seen in its text, so a check of the text would miss them.
  revoke usage on language plpgsql from public;
  grant usage on language plpgsql to app_user, app_reader, ragwall_owner, ragwall_context;
  -- Applications do not need the activity of other sessions.
  revoke select on pg_stat_activity, pg_locks from app_user, app_reader;
  -- build_search_table() waits for older transactions, and says whose they are; ragwall index holds a lock.
  grant execute on function pg_try_advisory_lock(bigint), pg_current_snapshot(), pg_snapshot_xmin(pg_snapshot),
    pg_snapshot_xmax(pg_snapshot), pg_current_xact_id_if_assigned(), pg_stat_get_activity(integer) to ragwall_owner;
end
$$;

-- pg_stat_statements, if it is installed, shows a login its statements for all tenants.
do $$
declare
  member record;
begin
  if current_setting('is_superuser') = 'off' then
    return;
  end if;
  for member in
    select d.classid, d.objid
    from pg_depend as d
    join pg_extension as e on e.oid = d.refobjid
    where d.refclassid = 'pg_extension'::regclass
      and d.deptype = 'e'
      and e.extname = 'pg_stat_statements'
      and d.classid in ('pg_class'::regclass, 'pg_proc'::regclass)
  loop
    if member.classid = 'pg_class'::regclass then
      execute format('revoke all on %s from public', member.objid::regclass);
      execute format('grant select on %s to pg_monitor', member.objid::regclass);
    else
      execute format('revoke execute on function %s from public', member.objid::regprocedure);
      execute format('grant execute on function %s to pg_monitor', member.objid::regprocedure);
    end if;
  end loop;
end
$$;
