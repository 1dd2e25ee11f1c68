// A worker, as Cloudflare runs it with the flag nodejs_compat. It answers GET /?tenant=…&query=….
import { connect, lexicalEmbedder } from 'ragwall';

const embedder = lexicalEmbedder({ dimensions: 1536 });

export default {
  async fetch(request, { DATABASE_URL }) {
    const { searchParams } = new URL(request.url);
    // Connections belong to the request that opened them: connect in it, and close at its end.
    const ragwall = connect(DATABASE_URL, { max: 1 });
    try {
      // For brevity. Take the tenant from a verified token.
      const tenant = ragwall.forTenant(searchParams.get('tenant'));
      const [vector] = await embedder.embed([searchParams.get('query')]);
      const found = await tenant.matchDocuments(vector, { k: 5 });
      const read = await tenant.transaction((tx) => tx.sql`select content from ragwall.documents`);
      return Response.json({ found: found.map(({ content }) => content), read: read.map(({ content }) => content) });
    } finally {
      await ragwall.close();
    }
  },
};
