// compare.cjs PEERS PROGRAM PEER SCRATCH OUT: five runs of each, one after the other in turn, each into an account of
// its own; the median of the five ratios of our rate to the peer's.
const { spawn, execFileSync } = require("child_process");
const crypto = require("crypto");
const fs = require("fs");
const net = require("net");
const [peers, program, peer, scratch, out] = process.argv.slice(2);

const RUNS = 5;
const BLOBS = 1500;
const BYTES = 4096;
const CONCURRENCY = 16;
const CONTAINER = "github-cache";
const key = crypto.randomBytes(32).toString("base64");

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => socket.destroy() && resolve(true));
    socket.on("error", () => resolve(false));
  });
}

async function startAzurite(accounts) {
  const ports = [await freePort(), await freePort(), await freePort()];
  const child = spawn(process.execPath, [
    peers + "/node_modules/azurite/dist/src/azurite.js", "--disableTelemetry", "--silent", "--inMemoryPersistence",
    "--skipApiVersionCheck", "--blobPort", ports[0], "--queuePort", ports[1], "--tablePort", ports[2],
  ].map(String), {
    stdio: "ignore",
    cwd: scratch,
    env: { ...process.env, AZURITE_ACCOUNTS: accounts.map((name) => `${name}:${key}`).join(";") },
  });
  for (let tries = 0; !(await connects(ports[0])); ++tries) {
    if (tries > 300) throw new Error("Azurite does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const connection = (name) =>
    `DefaultEndpointsProtocol=http;AccountName=${name};AccountKey=${key};` +
    ["Blob", "Queue", "Table"].map((s, i) => `${s}Endpoint=http://127.0.0.1:${ports[i]}/${name}`).join(";");
  return { child, connection };
}

async function fill(connection) {
  const { BlobServiceClient } = require(peers + "/node_modules/@azure/storage-blob");
  const container = BlobServiceClient.fromConnectionString(connection).getContainerClient(CONTAINER);
  await container.createIfNotExists();
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < BLOBS; i = next++) {
      const body = crypto.randomBytes(BYTES / 2).toString("hex");
      await container.getBlockBlobClient("repo_level_bundle_octocat_" + String(i).padStart(6, "0")).upload(
        body, body.length, {
          metadata: { username: "octocat", kind: "old_repository", no_expiry: "True" },
          blobHTTPHeaders: { blobContentType: "application/json", blobContentEncoding: "utf-8" },
        });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

function ours(from, to, run) {
  const printed = execFileSync(program, [
    "migrate", "run", "--json", "--from", "azure:" + from, "--to", "azure:" + to, "--container", CONTAINER,
    "--at-once", String(CONCURRENCY), "--journal", `${scratch}/journal-${run}`,
  ], { stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env.PATH, HOME: scratch } });
  const report = JSON.parse(printed);
  if (report.counts.copied !== BLOBS) throw new Error("copied " + report.counts.copied);
  return BLOBS / report.seconds;
}

function theirs(from, to) {
  const printed = execFileSync(process.execPath, [peer, peers, from, to, CONTAINER, String(CONCURRENCY)]);
  const report = JSON.parse(printed);
  if (report.copied !== BLOBS) throw new Error("the peer copied " + report.copied);
  return BLOBS / report.seconds;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function main() {
  const accounts = ["source"];
  for (let run = 0; run < RUNS; ++run) accounts.push("ours" + run, "theirs" + run);
  const azurite = await startAzurite(accounts);
  try {
    const from = azurite.connection("source");
    await fill(from);
    const rates = { ours: [], theirs: [] };
    for (let run = 0; run < RUNS; ++run) {
      const turns = [
        () => rates.ours.push(ours(from, azurite.connection("ours" + run), run)),
        () => rates.theirs.push(theirs(from, azurite.connection("theirs" + run))),
      ];
      if (run % 2 === 1) turns.reverse();
      for (const turn of turns) turn();
    }
    const ratio = median(rates.ours.map((rate, i) => rate / rates.theirs[i]));
    const result = {
      azurite_migration_ratio: ratio,
      blobs: BLOBS,
      bytes: BYTES,
      concurrency: CONCURRENCY,
      ours_blobs_per_second: rates.ours,
      peer_blobs_per_second: rates.theirs,
      peer: "@azure/storage-blob " + require(peers + "/node_modules/@azure/storage-blob/package.json").version,
    };
    fs.writeFileSync(out, JSON.stringify(result, null, 2) + "\n");
    console.log("copying between two accounts of one Azurite, blobs a second");
    for (let run = 0; run < RUNS; ++run)
      console.log(`  run ${run + 1}   ours ${rates.ours[run].toFixed(0)}   JS SDK ${rates.theirs[run].toFixed(0)}`);
    console.log(`azurite_migration_ratio ${ratio.toFixed(2)} (at least 0.9)`);
  } finally {
    azurite.child.kill();
  }
}
main().catch((error) => {
  console.error("bench/migration: " + error.message);
  process.exit(1);
});
