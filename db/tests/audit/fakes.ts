/** What no statement in a transaction can break: what the audit asks the server for is answered by the test. */
export const fakes: readonly {
  readonly id: string;
  /** The text of the audit that asks. */
  readonly asks: string;
  /** Answers to it, in SQL: as it should be, and as it should not. */
  readonly right: string;
  readonly wrong: string;
  /** What the finding says. */
  readonly names: RegExp;
}[] = [
  {
    id: 'S01',
    asks: "current_setting('server_version_num')",
    right: "'180099'",
    wrong: "'150003'",
    names: /^PostgreSQL \d.*CVE-2023-39418.*CVE-2025-8713/,
  },
  {
    id: 'S02',
    asks: "from pg_catalog.pg_extension where extname = 'vector'\n",
    right: "from (select '0.9') as e (extversion)\n",
    wrong: "from (select '0.8.1') as e (extversion)\n",
    names: /^extension vector 0\.8\.1: .*CVE-2026-3172/,
  },
  {
    // pgTAP, which everybody may call, in its place.
    id: 'S03',
    asks: "'dblink'",
    right: "'nothing'",
    wrong: "'pgtap'",
    names: /^extension pgtap: .*PUBLIC/,
  },
  {
    id: 'S04',
    asks: "current_setting('max_prepared_transactions')",
    right: "'0'",
    wrong: "'5'",
    names: /^max_prepared_transactions/,
  },
  {
    id: 'N02',
    asks: 'pg_catalog.pg_replication_slots as s\n',
    right: "(select 'copy', 'physical', current_database()) as s (slot_name, slot_type, database)\n",
    wrong: "(select 'copy', 'logical', current_database()) as s (slot_name, slot_type, database)\n",
    names: /^replication slot copy/,
  },
];
