// check.cjs PEERS STORE_TOOL START: what our client writes, Microsoft's clients read, and the reverse,
// against one emulator; and the runbook's az commands, where az is installed.
const { spawn, spawnSync } = require("node:child_process");
const assert = require("node:assert");
const crypto = require("node:crypto");
const path = require("node:path");
const { Readable } = require("node:stream");
const [peers, tool, start] = process.argv.slice(2);
const load = (name) => require(path.join(peers, "node_modules", name));
const { BlobServiceClient } = load("@azure/storage-blob");
const { QueueServiceClient } = load("@azure/storage-queue");
const { TableClient, TableServiceClient } = load("@azure/data-tables");

const counts = { passed: 0, failed: 0, skipped: 0 };
async function check(what, run) {
  try {
    await run();
    counts.passed++;
    console.log(`passed ${what}`);
  } catch (error) {
    counts.failed++;
    console.log(`failed ${what}: ${String(error.message).split("\n").slice(0, 12).join(" | ")}`);
  }
}
function skip(what, why) {
  counts.skipped++;
  console.log(`skipped ${what}: ${why}`);
}
const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");
const lines = (count) => Array.from({ length: count }, (_, number) => `${number}\n`).join("");
const read = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
};

async function emulator() {
  const key = crypto.randomBytes(32).toString("base64");
  const child = spawn("node", [start, peers, "--disableTelemetry", "--silent", "--inMemoryPersistence",
    "--blobPort", "0", "--queuePort", "0", "--tablePort", "0"],
    { env: { ...process.env, AZURITE_ACCOUNTS: `octo:${key}` }, stdio: ["pipe", "pipe", "inherit"] });
  const ports = {};
  await new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error("the emulator ended")));
    require("node:readline").createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /Azurite (\w+) service is successfully listen.*:(\d+)/.exec(line);
      if (found) ports[found[1]] = found[2];
      if (Object.keys(ports).length === 3) resolve();
    });
  });
  const url = (service) => `http://127.0.0.1:${ports[service]}/octo`;
  const connection = `DefaultEndpointsProtocol=http;AccountName=octo;AccountKey=${key};` +
    `BlobEndpoint=${url("Blob")};QueueEndpoint=${url("Queue")};TableEndpoint=${url("Table")};`;
  return { child, connection, queueUrl: url("Queue") };
}

function ours(what, connection) {
  const done = spawnSync(tool, [what], { input: connection + "\n", encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

async function theyRead(connection) {
  const container = BlobServiceClient.fromConnectionString(connection).getContainerClient("github-cache");
  await check("the blob SDK reads a conditional put with metadata", async () => {
    const blob = await container.getBlobClient("file_content:octocat:hello:docs/READ ME.md").download();
    assert.equal(await read(blob.readableStreamBody), '{"data":"déjà vu"}');
    assert.equal(blob.contentType, "application/json");
    assert.equal(blob.contentEncoding, "utf-8");
    const { cloudfolio_operation: mark, ...metadata } = blob.metadata;
    assert.match(mark, /^[0-9a-f-]{36}$/);
    assert.deepEqual(metadata, { fingerprint: "4a33519461f1d68f630106eeb114df05", a_b: "1", a1: "2",
      expires_at: "2025-10-07T11:00:00.123456+00:00" });
  });
  await check("the blob SDK reads and lists a blob of several blocks", async () => {
    const large = container.getBlockBlobClient("large");
    assert.equal((await large.downloadToBuffer()).length, 20_000_000);
    assert.equal((await large.getBlockList("committed")).committedBlocks.length, 3);
    const names = [];
    for await (const blob of container.listBlobsFlat({ includeMetadata: true })) names.push(blob.name);
    assert.deepEqual(names, ["file_content:octocat:hello:docs/READ ME.md", "large", "streamed"]);
  });
  await check("the blob SDK reads a blob that we streamed up in blocks", async () => {
    const blob = container.getBlockBlobClient("streamed");
    const bytes = await blob.downloadToBuffer();
    assert.equal(sha256(bytes), sha256(Buffer.from(lines(1_250_000))));
    const { committedBlocks, uncommittedBlocks } = await blob.getBlockList("all");
    assert.ok(committedBlocks.length > 2, `${committedBlocks.length} blocks`);
    assert.equal(committedBlocks.reduce((sum, block) => sum + block.size, 0), bytes.length);
    assert.equal((uncommittedBlocks ?? []).length, 0);
    const { contentType, metadata } = await blob.getProperties();
    assert.equal(contentType, "application/zip");
    assert.equal(metadata.kind, "model");
  });
  await check("the queue SDK receives our message", async () => {
    const queue = QueueServiceClient.fromConnectionString(connection).getQueueClient("model-training-queue");
    const { receivedMessageItems: [message] } = await queue.receiveMessages();
    assert.equal(message.messageText, '{"job":"<&>"}');
    await queue.deleteMessage(message.messageId, message.popReceipt);
  });
  const table = TableClient.fromConnectionString(connection, "usage", { allowInsecureConnection: true });
  await check("the table SDK reads every kind of value", async () => {
    const entity = await table.getEntity("it's", "r 1");
    assert.equal(entity.Text, "déjà 😀");
    assert.equal(entity.Number, 9007199254740993n);
    assert.equal(entity.Whole, 2);
    assert.equal(entity.Yes, true);
    assert.equal(new Date(entity.Time).toISOString(), "2026-11-22T01:02:03.123Z");
    assert.deepEqual([...entity.Bytes], [0, 255]);
  });
  await check("the table SDK reads what a batch wrote", async () => {
    const rows = [];
    for await (const row of table.listEntities({ queryOptions: { filter: "PartitionKey eq 'batch'" } }))
      rows.push([row.rowKey, row.N]);
    assert.deepEqual(rows, [["1", 1n], ["2", 2n]]);
  });
}

async function weRead(connection) {
  const container = BlobServiceClient.fromConnectionString(connection).getContainerClient("github-cache");
  const body = JSON.stringify({ data: [1, "ü"], cached_at: "2025-10-07T11:00:00.123456" });
  await container.getBlockBlobClient("from:js/ä.json").upload(body, Buffer.byteLength(body), {
    blobHTTPHeaders: { blobContentType: "application/json", blobContentEncoding: "utf-8" },
    metadata: { fingerprint: "f", No_Expiry: "True" } });
  const large = Buffer.from(lines(700_000));
  await container.getBlockBlobClient("streamed:js").uploadStream(Readable.from(large), 1_000_000, 3,
    { blobHTTPHeaders: { blobContentType: "application/zip" } });
  await QueueServiceClient.fromConnectionString(connection).getQueueClient("model-training-queue")
    .sendMessage('{"schema_version":"1.0"} <&>');
  await TableClient.fromConnectionString(connection, "usage", { allowInsecureConnection: true })
    .createEntity({ partitionKey: "from js", rowKey: "r'1", Small: 7, Big: 9007199254740993n, Real: 0.1,
      Yes: false, Time: new Date("2026-11-22T01:02:03.456Z"), Bytes: new Uint8Array([0, 255]),
      Id: { type: "Guid", value: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6" } });
  await check("we read what the three SDKs wrote", () => {
    assert.deepEqual(JSON.parse(ours("read", connection)), {
      body, type: "application/json", encoding: "utf-8",
      metadata: { fingerprint: "f", no_expiry: "True" }, listed: 1,
      streamed: { type: "application/zip", bounded: true, size: large.length, sha256: sha256(large) },
      message: '{"schema_version":"1.0"} <&>',
      values: { Small: "7", Big: "9007199254740993", Real: "0.1", Yes: "false",
        Time: "2026-11-22T01:02:03.456000Z", Bytes: "2 bytes",
        Id: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6" } });
  });
}

// The forms of docs/RUNBOOK.md.
async function commandLine(connection, queueUrl) {
  if (spawnSync("az", ["version"]).status !== 0)
    return skip("the runbook's az commands", "az is missing: apt-get install azure-cli (see tools/packages.txt)");
  const folder = require("node:fs").mkdtempSync(path.join(require("node:os").tmpdir(), "az-"));
  const shell = (command) => {
    const done = spawnSync("sh", ["-c", command], { encoding: "utf8", env: { ...process.env,
      AZURE_STORAGE_CONNECTION_STRING: connection, AZURE_CONFIG_DIR: folder,
      AZURE_CORE_COLLECT_TELEMETRY: "0", AZURE_CORE_ONLY_SHOW_ERRORS: "1" } });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout.trim();
  };
  await check("az storage blob list sums the cache's bytes", () => {
    assert.ok(Number(shell('az storage blob list --account-name octo --container-name github-cache ' +
      '--num-results "*" --query "[].properties.contentLength" --output tsv | awk \'{s+=$1} END {print s}\'')) > 20_000_000);
  });
  await check("az storage message peek counts what is visible", () => {
    shell('az storage message put -q model-training-queue --content one');
    assert.equal(shell('az storage message peek -q model-training-queue --num-messages 32 --query "length(@)"'), "1");
  });
  await check("a signature and curl say how many messages a queue holds", () => {
    const sas = shell("az storage queue generate-sas -n model-training-queue --permissions r " +
      "--expiry 2099-01-01T00:00Z --output tsv");
    const head = shell(`curl -sI "${queueUrl}/model-training-queue?comp=metadata&${sas}"`);
    assert.match(head, /x-ms-approximate-messages-count: [12]/);
  });
  require("node:fs").rmSync(folder, { recursive: true });
}

(async () => {
  const { child, connection, queueUrl } = await emulator();
  try {
    await check("our client writes", () => void ours("write", connection));
    await theyRead(connection);
    await weRead(connection);
    await commandLine(connection, queueUrl);
  } finally {
    child.removeAllListeners("exit");
    child.kill("SIGKILL");
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed ? 1 : 0);
})().catch((error) => {
  console.log(`failed compatibility/azure: ${error.message}`);
  console.log(`${counts.passed} passed, ${counts.failed + 1} failed, ${counts.skipped} skipped`);
  process.exit(1);
});
