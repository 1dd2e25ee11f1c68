-- ragwall.app_roles()
with recursive
\ir ../facts/tenant-tables.sql
\ir ../facts/functions.sql
\ir ../facts/policies.sql
\ir ../facts/views.sql
\ir ../facts/roles.sql
select oid::regrole, untrusted from app_role order by rolname
