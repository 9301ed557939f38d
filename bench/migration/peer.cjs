// peer.cjs PEERS FROM TO CONTAINER CONCURRENCY: copies a container with Microsoft's SDK; prints the seconds it took
// from its first request to its last answer, start-up left out.
const [peers, from, to, container, concurrency] = process.argv.slice(2);
const { BlobServiceClient } = require(peers + "/node_modules/@azure/storage-blob");

async function copy(source, destination, entry) {
  const blob = source.getBlobClient(entry.name);
  const bytes = await blob.downloadToBuffer();
  await destination.getBlockBlobClient(entry.name).upload(bytes, bytes.length, {
    metadata: entry.metadata,
    blobHTTPHeaders: {
      blobContentType: entry.properties.contentType,
      blobContentEncoding: entry.properties.contentEncoding,
    },
    conditions: { ifNoneMatch: "*" },
  });
}

async function main() {
  const source = BlobServiceClient.fromConnectionString(from).getContainerClient(container);
  const destination = BlobServiceClient.fromConnectionString(to).getContainerClient(container);
  const began = process.hrtime.bigint();
  await destination.createIfNotExists();
  const pages = source.listBlobsFlat({ includeMetadata: true }).byPage({ maxPageSize: 1000 });
  let copied = 0;
  for await (const page of pages) {
    const entries = page.segment.blobItems;
    let next = 0;
    const worker = async () => {
      while (next < entries.length) await copy(source, destination, entries[next++]);
    };
    await Promise.all(Array.from({ length: Number(concurrency) }, worker));
    copied += entries.length;
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ copied, seconds }));
}
main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
