// Prisma with the adapter of node-postgres: the tenant is bound first in $transaction().
import assert from 'node:assert/strict';
import { PrismaPg } from '@prisma/adapter-pg';
import { lexicalEmbedder, vectorText } from 'ragwall';
import { type Prisma, PrismaClient } from './generated/client.ts';

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL, max: 2 }) });
const embedder = lexicalEmbedder({ dimensions: 1536 });
type Transaction = Prisma.TransactionClient;

/** Runs `work` in a transaction to which the tenant is bound. The tenant comes from a verified token. */
const asTenant = <Result>(tenant: string, work: (tx: Transaction) => Promise<Result>) =>
  prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select ragwall.set_tenant(${tenant})`;
    return work(tx);
  });

const content = 'Acme launches on March 15.';
const [stored, question] = (await embedder.embed([content, 'When does Acme launch?'])).map((v) => vectorText(v));
// Prisma has no type for vectors. So documents are stored and searched by function, and read as any model.
const document = { source: 'prisma.md', position: 0, content, embedding: stored, embedding_model: embedder.model };
const upsert = (tx: Transaction) =>
  tx.$queryRaw`select status from ragwall.upsert_documents(${JSON.stringify([document])}::jsonb)`;
const search = (tx: Transaction): Promise<{ content: string }[]> =>
  tx.$queryRaw`select content from ragwall.match_documents(${question}::halfvec, 5)`;
const read = (tx: Transaction) => tx.documents.findMany({ select: { content: true } });

console.log('acme stores:', await asTenant('acme', upsert));
const found = await asTenant('acme', search);
console.log('acme finds:', found);
assert(found.some((row) => row.content === content));
assert((await asTenant('acme', read)).length > 0);

// The same as globex.
assert.deepEqual(await asTenant('globex', read), [], 'globex reads what acme stored');
assert.deepEqual(await asTenant('globex', search), [], 'globex finds what acme stored');
const rename = (tx: Transaction) => tx.documents.updateMany({ where: { tenant_id: 'acme' }, data: { content: 'No.' } });
assert.deepEqual(await asTenant('globex', rename), { count: 0 }, 'globex changes what acme stored');
console.log('globex gets nothing of acme');

// prisma in place of tx: another connection, without a tenant.
await asTenant('acme', async () => {
  assert.deepEqual(await read(prisma), []);
  await assert.rejects(search(prisma), /RW001/);
});
console.log('prisma in place of tx: no rows, RW001');

// Deletion is by function: nobody has the privilege DELETE.
await assert.rejects(
  asTenant('acme', (tx) => tx.documents.deleteMany()),
  /permission denied/,
);
await asTenant('acme', (tx) => tx.$executeRaw`select ragwall.delete_source('prisma.md', 0)`);
await prisma.$disconnect();
