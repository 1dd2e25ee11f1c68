-- The audit of the schema as it is. What it finds where something is broken: audit.test.ts.
begin;
select plan(3);

-- The versions are the engine's, and agents' roles may log in here without db/agents.sql.
set local ragwall.untrusted_roles = 'nobody';
select is_empty(
  $$
    select concat_ws(' ', id, object, evidence) from ragwall.audit()
    where status in ('fail', 'warn') and id not in ('S01', 'S02')
  $$,
  'the audit finds nothing'
);

select ok(
  (select count(*) > 60 from ragwall.audit() where status = 'pass'),
  'though it looks at more than sixty things that are there'
);

select matches(ragwall.fingerprint(), '^sha256:[0-9a-f]{64}$', 'the fingerprint is a hash');

rollback;
