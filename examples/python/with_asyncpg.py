"""asyncpg: the tenant is bound first in conn.transaction(), on one connection of the pool."""

import asyncio
import json
import os

import asyncpg

CONTENT = "Acme launches on March 15."
UPSERT = "select status from ragwall.upsert_documents($1)"
SEARCH = "select content from ragwall.match_documents($1, $2)"
READ = "select content from ragwall.documents"


def vector(*at: int) -> str:
    """Stands for the embedding of a text, written as JSON: asyncpg does not know the types of pgvector."""
    return json.dumps([1.0 if i in at else 0.0 for i in range(1536)])


async def as_tenant(pool: asyncpg.Pool, tenant: str, query: str, *params: object) -> list[tuple]:
    """Runs a query in a transaction to which the tenant is bound. The tenant comes from a verified token."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.fetch("select ragwall.set_tenant($1)", tenant)
        return [tuple(row) for row in await conn.fetch(query, *params)]


async def main() -> None:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1) as pool:
        key = {"source": "asyncpg.md", "position": 0}
        document = key | {"content": CONTENT, "embedding": vector(3), "embedding_model": "example"}
        print("acme stores:", await as_tenant(pool, "acme", UPSERT, json.dumps([document])))
        print("acme finds:", found := await as_tenant(pool, "acme", SEARCH, vector(3, 4), 5))
        assert (CONTENT,) in found

        # The same as globex.
        assert await as_tenant(pool, "globex", READ) == [], "globex reads what acme stored"
        assert await as_tenant(pool, "globex", SEARCH, vector(3), 5) == [], "globex finds what acme stored"
        print("globex gets nothing of acme")

        # A query of the pool has no tenant.
        assert await pool.fetch(READ) == []
        try:
            await pool.fetch(SEARCH, vector(3), 5)
            raise AssertionError("the pool has a tenant")
        except asyncpg.PostgresError as error:
            assert error.sqlstate == "RW001", error
        print("the pool without a transaction: no rows, RW001")
        await as_tenant(pool, "acme", "select ragwall.delete_source($1, 0)", "asyncpg.md")


asyncio.run(main())
