/** How many numbers the embeddings of the databases of tests and labs have, as in .gmrc. */
export const dimensions = 1536;
