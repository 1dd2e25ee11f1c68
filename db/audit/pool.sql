-- Connection pools

-- O01 high: A pooler resets a session before it hands it to another client
-- Reference: checklist 5 | testing 6
-- Why: Settings, prepared statements and temporary objects stay in a session. A pooler that does not reset it gives
--   them to the next client.
-- Remedy: In PgBouncer: `server_reset_query = DISCARD ALL` and `server_reset_query_always = 1`.
-- Not in SQL: not tried; ragwall audit --probe tries, with the application's connection string in RAGWALL_APP_URL

-- O02 high: No function sets a tenant for longer than a transaction
-- Examines: functions
-- Reference: checklist 5
-- Why: Behind a pooler in transaction mode, the next client gets the session together with its settings, and so
--   works as the previous tenant.
-- Remedy: Set the value for the transaction only: `set_config(…, …, true)`.
select 'O02', null, 'fail', f.name, 'it sets a tenant for the session: behind a pooler the next client has this tenant',
  'Have the function set the value for the transaction: set_config(..., ..., true).'
from routine as f
where f.body ~* ('set_config\s*\([^;,]*(tenant|org|workspace|account|claim)[^;,]*,((?!set_config)[^;])*,'
    '\s*''?(false|f)''?\s*(::\w+\s*)?\)')
  or f.body ~* '\mset\s+(session\s+)?(?!ragwall\.)[a-z_]+\.[a-z_]*(tenant|org|workspace|account)\w*\s*(=|to)\s'

-- O03 low: Sessions with leftovers of an earlier client are refused
-- Examines: schema ragwall
-- Reference: checklist 5
-- Why: `ragwall.residue = allow` switches off the check that refuses a session with temporary objects or prepared
--   statements of an earlier client.
-- Remedy: `alter role … reset ragwall.residue`.
select 'O03', null, 'warn', p.place,
  'ragwall.residue = allow: sessions with leftovers of an earlier client are not refused',
  format('alter %s reset ragwall.residue', p.place)
from preset as p
where p.setting = 'ragwall.residue' and p.value = 'allow'
