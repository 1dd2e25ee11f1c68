"""SQLAlchemy's ORM: a session of one tenant, bound at the beginning of each of its transactions."""

import json
import os

from sqlalchemy import Column, String, create_engine, event, select, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Session, declarative_base

engine = create_engine(os.environ["DATABASE_URL"].replace("postgres:", "postgresql:", 1))
CONTENT = "Acme launches on March 15."
Base = declarative_base()


class Document(Base):
    """For reading. Without the tenant, which is not chosen by a query."""

    __tablename__ = "documents"
    __table_args__ = {"schema": "ragwall"}
    id = Column(UUID, primary_key=True)
    content = Column(String)
    meta = Column("metadata", JSONB)


def session_of(tenant: str) -> Session:
    """Returns a session whose transactions are bound to the tenant, which comes from a verified token."""
    session = Session(engine)

    @event.listens_for(session, "after_begin")
    def bind(_session, _transaction, connection):
        connection.execute(text("select ragwall.set_tenant(:tenant)"), {"tenant": tenant})

    return session


vector = json.dumps([1.0] + 1535 * [0.0])  # stands for the embedding of a text
document = {"source": "sqlalchemy.md", "position": 0, "content": CONTENT, "embedding": vector, "embedding_model": "m"}
UPSERT = text("select status from ragwall.upsert_documents(cast(:documents as jsonb))")
SEARCH = text("select content from ragwall.match_documents(:vector, 5)")

with session_of("acme") as acme, session_of("globex") as globex:
    print("acme stores:", acme.execute(UPSERT, {"documents": json.dumps([document])}).all())
    acme.commit()
    found = acme.execute(SEARCH, {"vector": vector}).scalars().all()
    print("acme finds:", found)
    assert CONTENT in found and CONTENT in acme.execute(select(Document.content)).scalars().all()

    # The same as globex, on a connection that acme may have used before.
    assert globex.execute(select(Document)).scalars().all() == [], "globex reads what acme stored"
    assert globex.execute(SEARCH, {"vector": vector}).all() == [], "globex finds what acme stored"
    print("globex gets nothing of acme")
    acme.execute(text("select ragwall.delete_source('sqlalchemy.md', 0)"))
    acme.commit()

with engine.connect() as connection:  # a connection without a session has no tenant
    assert connection.execute(select(Document.content)).all() == []
