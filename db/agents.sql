-- Where SQL that others write may run: takes back what Postgres gives everybody and a neighbour can be seen by.
--
-- Run once per database, as a superuser, after the migrations; safe to repeat, and meant to be repeated after a
-- clone. It concerns every role of the database that is no superuser: what is revoked from PUBLIC is granted to
-- pg_monitor, and what applications introspect by to app_user and app_reader. Whoever else needs it, grant it.

-- Roles that are members do not get these settings: let agents log in as the two roles themselves. A client may
-- change its time-outs, and nobody but a superuser what follows client_connection_check_interval. The pooler's
-- query_timeout it may not change either; but that cuts the client off, and the statement may run on: hence the
-- limit of connections.
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
    execute format('alter role %I set track_activities = off', agent);
    execute format('alter role %I set temp_file_limit = %L', agent, '64MB');
    execute format('alter role %I connection limit 10', agent);
  end loop;
end
$$;

do $$
declare
  routine record;
begin
  for routine in
    select p.oid::regprocedure as name, bool_or(u.kept) as kept
    from pg_proc as p
    join (
      values
        -- Locks that belong to no table.
        ('^pg_(try_)?advisory_', true),
        -- Messages, objects without row-level security, and the end of somebody else's statement.
        ('^(pg_notify|pg_logical_emit_message|loread|lowrite|pg_cancel_backend|pg_terminate_backend)\(', false),
        ('^lo_', false),
        -- How large and how busy others are, and who waits for whom.
        ('^pg_stat_', false),
        ('^pg_(lock_status|blocking_pids|safe_snapshot_blocking_pids|prepared_xact|notification_queue_usage|isolation_test)', false),
        ('^pg_(current_wal|last_|get_wal|wal_|xact_|visible_in|replication_origin|control_|available_wal|get_replication_slots)', false),
        ('^(pg_(current_snapshot|current_xact_id|snapshot)|txid_|pg_export_snapshot|pg_get_multixact|mxid_age|age\(xid)', false),
        ('^pg_(relation|table|indexes|total_relation|database|tablespace)_size\(', true),
        -- Definitions by number: those of indexes and constraints can name a tenant.
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

-- Names, sizes, predicates and counters of everything that there is.
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
  if relations is not null then
    execute format('revoke select on %s from public', relations);
    execute format('grant select on %s to pg_monitor, app_user, app_reader, ragwall_owner, ragwall_context', relations);
  end if;
end
$$;

-- A block assembles statements that are not to be seen in its text.
revoke usage on language plpgsql from public;
grant usage on language plpgsql to app_user, app_reader, ragwall_owner, ragwall_context;

-- The activity of other sessions is no introspection.
revoke select on pg_stat_activity, pg_locks from app_user, app_reader;

-- Statements of the same login, of all tenants, if the extension is there.
do $$
declare
  member record;
begin
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

-- match_documents() asks whether a graph is complete.
grant select (indexrelid, indisvalid) on pg_index to agent_reader;
