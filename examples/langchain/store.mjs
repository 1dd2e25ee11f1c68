// A VectorStore of LangChain on the handle of one tenant.
import { Document } from '@langchain/core/documents';
import { VectorStore } from '@langchain/core/vectorstores';

export class RagwallVectorStore extends VectorStore {
  /**
   * @param embeddings a LangChain `Embeddings`.
   * @param options `tenant`: a handle of `ragwall.forTenant()`. `model`: the name of the model of the embeddings.
   */
  constructor(embeddings, { tenant, model }) {
    super(embeddings, { model });
    this.tenant = tenant;
    this.model = model;
  }

  _vectorstoreType() {
    return 'ragwall';
  }

  /** Returns the ids. A document with an id that is there already is replaced. */
  async addDocuments(documents, options) {
    const vectors = await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    return this.addVectors(vectors, documents, options);
  }

  async addVectors(vectors, documents, { ids = [] } = {}) {
    const named = documents.map(({ id, pageContent, metadata }, index) => ({
      id: ids[index] ?? id ?? crypto.randomUUID(),
      content: pageContent,
      metadata: JSON.parse(JSON.stringify(metadata ?? {})), // the splitters of LangChain leave undefined in it
      embedding: vectors[index],
      embeddingModel: this.model,
    }));
    await this.tenant.upsertDocuments(named);
    return named.map(({ id }) => id);
  }

  /** `ids`: of documents; or `filter`: what their metadata contain. */
  async delete({ ids, filter }) {
    await this.tenant.deleteDocuments(ids ? { ids } : { filter });
  }

  async similaritySearchVectorWithScore(query, k, filter) {
    const matches = await this.tenant.matchDocuments(query, filter ? { k, filter } : { k });
    return matches.map(({ id, content, metadata, similarity }) => [
      new Document({ id, pageContent: content, metadata }),
      similarity,
    ]);
  }
}
