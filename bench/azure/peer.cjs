// peer.cjs PEERS PREFIX CONCURRENCY COUNT: the same as azure_bench through @azure/storage-blob.
const path = require("node:path");
const [peers, prefix, concurrency, count] = process.argv.slice(2);
const { BlobServiceClient } = require(path.join(peers, "node_modules", "@azure/storage-blob"));
const body = "x".repeat(4096);
const options = { blobHTTPHeaders: { blobContentType: "application/json" },
  metadata: { fingerprint: "4a33519461f1d68f630106eeb114df05" } };

async function putAll(container, start, total) {
  let next = 0;
  await Promise.all(Array.from({ length: Number(concurrency) }, async () => {
    for (let i = next++; i < total; i = next++)
      await container.getBlockBlobClient(start + i).upload(body, body.length, options);
  }));
}

(async () => {
  let connection = "";
  for await (const part of process.stdin) connection += part;
  const container = BlobServiceClient.fromConnectionString(connection.trim())
    .getContainerClient("github-cache");
  await container.createIfNotExists();
  await putAll(container, prefix + "warm-up-", 300);
  const begin = process.hrtime.bigint();
  await putAll(container, prefix, Number(count));
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  console.log(JSON.stringify({ puts_per_second: Number((Number(count) / seconds).toFixed(1)) }));
})();
