"""psycopg 3: the tenant is bound first in conn.transaction()."""

import json
import os
from typing import Any

import psycopg

URL = os.environ["DATABASE_URL"]
CONTENT = "Acme launches on March 15."


def vector(*at: int) -> list[float]:
    """Stands for the embedding of a text: ask a model for it, with as many dimensions as the database has."""
    return [1.0 if i in at else 0.0 for i in range(1536)]


def as_tenant(conn: psycopg.Connection, tenant: str, query: str, *params: Any) -> list[tuple]:
    """Runs a query in a transaction to which the tenant is bound. The tenant comes from a verified token."""
    with conn.transaction():
        conn.execute("select ragwall.set_tenant(%s)", (tenant,))
        return conn.execute(query, params).fetchall()


UPSERT = "select status from ragwall.upsert_documents(%s)"
SEARCH = "select content from ragwall.match_documents(%s, %s)"
READ = "select content from ragwall.documents"

# autocommit: outside conn.transaction() each statement is a transaction of its own. Without it, psycopg opens one at
# the first statement, and conn.transaction() is only a savepoint in it: the tenant would stay bound until commit().
with psycopg.connect(URL, autocommit=True) as conn:
    document = {"source": "psycopg.md", "position": 0, "content": CONTENT,
                "embedding": vector(3), "embedding_model": "example"}
    print("acme stores:", as_tenant(conn, "acme", UPSERT, json.dumps([document])))
    found = as_tenant(conn, "acme", SEARCH, json.dumps(vector(3, 4)), 5)
    print("acme finds:", found)
    assert (CONTENT,) in found

    # The same as globex.
    assert as_tenant(conn, "globex", READ) == [], "globex reads what acme stored"
    assert as_tenant(conn, "globex", SEARCH, json.dumps(vector(3)), 5) == [], "globex finds what acme stored"
    try:
        as_tenant(conn, "globex", "select ragwall.set_tenant('acme')")
        raise AssertionError("globex binds acme")
    except psycopg.Error as error:
        assert error.sqlstate == "RW003", error
    print("globex gets nothing of acme")

    # After the transaction the connection has no tenant.
    assert conn.execute(READ).fetchall() == []
    print("without a transaction: no rows")
    as_tenant(conn, "acme", "select ragwall.delete_source(%s, 0)", "psycopg.md")
