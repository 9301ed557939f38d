// check.mjs SIMULATOR_SERVER CORPUS: the judge is what GitHub publishes: its GraphQL schema (npm
// @octokit/graphql-schema) and its OpenAPI description (npm @octokit/openapi).
import { spawn, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import {
  buildClientSchema, getNamedType, getNullableType, isEnumType, isLeafType, isListType,
  isNonNullType, isAbstractType, parse, parseType, print, typeFromAST, validate,
} from "graphql";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const [, , server, corpus] = process.argv;
const published = (file) => JSON.parse(readFileSync(new URL(`node_modules/${file}`, import.meta.url)));
const introspection = published("@octokit/graphql-schema/schema.json");
const schema = buildClientSchema(introspection.data ?? introspection);
const openapi = published("@octokit/openapi/generated/api.github.com.json");

let passed = 0;
let failed = 0;
function report(what, problems) {
  if (problems.length === 0) { passed += 1; return; }
  failed += 1;
  console.log(`failed ${what}`);
  for (const problem of problems.slice(0, 12)) console.log(`    ${problem}`);
}

// --- GraphQL: values against types -----------------------------------------------------------------

const leafChecks = {
  Int: (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
  String: (value) => typeof value === "string",
  ID: (value) => typeof value === "string" && value.length > 0,
  Boolean: (value) => typeof value === "boolean",
  DateTime: (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value),
  URI: (value) => typeof value === "string" && (value.startsWith("/") || URL.canParse(value)),
  GitObjectID: (value) => typeof value === "string" && /^[0-9a-f]{40}$/.test(value),
};

function collect(selections, type, fragments, into = new Map()) {
  for (const selection of selections) {
    if (selection.kind === "Field") {
      const key = selection.alias?.value ?? selection.name.value;
      if (!into.has(key)) into.set(key, []);
      into.get(key).push(selection);
      continue;
    }
    const fragment = selection.kind === "FragmentSpread" ? fragments[selection.name.value] : selection;
    const on = fragment.typeCondition ? schema.getType(fragment.typeCondition.name.value) : type;
    const applies = on === type || (isAbstractType(on) && schema.isSubType(on, type));
    if (applies) collect(fragment.selectionSet.selections, type, fragments, into);
  }
  return into;
}

function checkValue(value, type, fields, fragments, path, problems) {
  if (isNonNullType(type)) {
    if (value === null || value === undefined) { problems.push(`${path}: null in ${type}`); return; }
    return checkValue(value, type.ofType, fields, fragments, path, problems);
  }
  if (value === null) return;
  if (value === undefined) { problems.push(`${path}: missing`); return; }
  if (isListType(type)) {
    if (!Array.isArray(value)) { problems.push(`${path}: not a list`); return; }
    value.forEach((element, at) => checkValue(element, type.ofType, fields, fragments, `${path}.${at}`, problems));
    return;
  }
  if (isEnumType(type)) {
    if (!type.getValue(value)) problems.push(`${path}: ${value} is no ${type.name}`);
    return;
  }
  if (isLeafType(type)) {
    const check = leafChecks[type.name];
    if (!check) problems.push(`${path}: no check for scalar ${type.name}`);
    else if (!check(value)) problems.push(`${path}: ${JSON.stringify(value).slice(0, 60)} is no ${type.name}`);
    return;
  }
  checkObject(value, type, fields, fragments, path, problems);
}

function checkObject(value, type, selections, fragments, path, problems) {
  let concrete = type;
  if (isAbstractType(type)) {
    concrete = value.__typename ? schema.getType(value.__typename) : undefined;
    if (!concrete) { problems.push(`${path}: an answer of ${type.name} without __typename cannot be checked`); return; }
  }
  const fields = collect(selections, concrete, fragments);
  for (const key of Object.keys(value)) if (!fields.has(key)) problems.push(`${path}.${key}: was not asked`);
  for (const [key, nodes] of fields) {
    const name = nodes[0].name.value;
    if (name === "__typename") continue;
    const field = concrete.getFields()[name];
    if (!field) { problems.push(`${path}.${key}: ${concrete.name} has no such field`); continue; }
    const inner = nodes.flatMap((node) => node.selectionSet?.selections ?? []);
    checkValue(value[key], field.type, inner, fragments, `${path}.${key}`, problems);
  }
}

// Every composite selection asks for __typename, so that the types of answers are known.
function withTypenames(document) {
  const visit = (set) => {
    for (const selection of set.selections) if (selection.selectionSet) visit(selection.selectionSet);
    set.selections.unshift({ kind: "Field", name: { kind: "Name", value: "__typename" } });
  };
  for (const definition of document.definitions) visit(definition.selectionSet);
  return document;
}

async function checkQuery(what, text, variables, expectErrors = false) {
  const problems = validate(schema, parse(text)).map((error) => error.message);
  const document = withTypenames(parse(text));
  const answer = await graphql(print(document), variables);
  if (!expectErrors) for (const error of answer.errors ?? []) problems.push(`error: ${error.message}`);
  const fragments = Object.fromEntries(document.definitions
    .filter((definition) => definition.kind === "FragmentDefinition")
    .map((definition) => [definition.name.value, definition]));
  const operation = document.definitions.find((definition) => definition.kind === "OperationDefinition");
  if (answer.data) checkObject(answer.data, schema.getQueryType(), operation.selectionSet.selections, fragments, "data", problems);
  else problems.push("no data");
  report(`graphql ${what}`, problems);
  return answer.data;
}

// --- REST: bodies against the OpenAPI description ---------------------------------------------------

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
// OpenAPI 3.0's "nullable" in JSON Schema's words; references into the one document.
function jsonSchema(value) {
  if (Array.isArray(value)) return value.map(jsonSchema);
  if (value === null || typeof value !== "object") return value;
  const { nullable, discriminator, example, examples, ...rest } = value;
  const out = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, jsonSchema(inner)]));
  if (typeof out.$ref === "string") out.$ref = out.$ref.replace("#/components", "openapi#/components");
  return nullable === true ? { anyOf: [out, { type: "null" }] } : out;
}
ajv.addSchema({ $id: "openapi", components: { schemas: jsonSchema(openapi.components.schemas) } });

function responseSchema(path, status) {
  let response = openapi.paths[path]?.get?.responses?.[String(status)];
  if (response?.$ref) response = openapi.components.responses[response.$ref.split("/").pop()];
  return response?.content?.["application/json"]?.schema;
}

async function checkRest(path, parameters = {}, expected = 200, query = "", headers = {}) {
  const target = path.replace(/\{(\w+)\}/g, (_, name) => parameters[name]) + query;
  const response = await fetch(origin + target, {
    headers: { "user-agent": "check", authorization: "Bearer t", ...headers }, redirect: "manual" });
  const body = await response.json().catch(() => undefined);
  const problems = [];
  if (response.status !== expected) problems.push(`status ${response.status}, not ${expected}`);
  for (const header of ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used"])
    if (!response.headers.get(header) && expected !== 401) problems.push(`no ${header}`);
  const wanted = responseSchema(path, expected);
  if (!wanted) problems.push(`GitHub publishes no schema for ${path} ${expected}`);
  else {
    const check = ajv.compile(jsonSchema(wanted));
    if (!check(body)) for (const error of check.errors) problems.push(`${error.instancePath} ${error.message}`);
  }
  report(`rest GET ${target} → ${expected}`, problems);
  return body;
}

// --- The run -----------------------------------------------------------------------------------------

const child = spawn(server, [corpus], { stdio: ["pipe", "pipe", "inherit"] });
const origin = await new Promise((resolve, reject) => {
  createInterface({ input: child.stdout }).once("line", resolve);
  child.once("exit", (code) => reject(new Error(`the simulator ended with ${code}`)));
});
async function post(target, body, headers = {}) {
  const response = await fetch(origin + target, {
    method: "POST", body: JSON.stringify(body),
    headers: { "user-agent": "check", authorization: "Bearer t", "content-type": "application/json", ...headers } });
  return response.json();
}
const graphql = (query, variables) => post("/graphql", { query, variables });

try {
  const own = JSON.parse(execFileSync(server, ["--documents"], { maxBuffer: 1 << 26 }));

  // 1. The client's documents, and the simulator's idea of the schema, against GitHub's own.
  for (const { name, text } of own.documents)
    report(`document ${name} validates`, validate(schema, parse(text)).map((error) => error.message));
  let owner;
  const drift = [];
  for (const line of own.schema.split("\n")) {
    if (!line.trim()) continue;
    if (!line.startsWith("  ")) {
      const [name, , ...possible] = line.split(" ");
      owner = schema.getType(name);
      if (!owner) drift.push(`no type ${name}`);
      for (const type of possible)
        if (owner && !schema.isSubType(owner, schema.getType(type))) drift.push(`${type} is no ${name}`);
      continue;
    }
    const [, name, parameters, type] = line.match(/^ {2}(\w+)(?:\((.*)\))?:(.*)$/);
    const field = owner?.getFields()[name];
    if (!field) { drift.push(`${owner?.name} has no ${name}`); continue; }
    if (String(field.type) !== type) drift.push(`${owner.name}.${name} is ${field.type}, not ${type}`);
    for (const parameter of (parameters ?? "").split(",").filter(Boolean)) {
      const [key, of] = parameter.split(":");
      const argument = field.args.find((one) => one.name === key);
      const wanted = String(typeFromAST(schema, parseType(of)));
      if (!argument || String(getNullableType(argument.type)) !== wanted.replace(/!$/, ""))
        drift.push(`${owner.name}.${name}(${key}:) is ${argument?.type}, not ${of}`);
    }
  }
  report("the simulator's schema is a part of GitHub's", drift);

  // 2. GraphQL answers.
  const text = (name) => own.documents.find((document) => document.name === name).text;
  const list = await checkQuery("list", text("list"), { login: "mira-lind", first: 100, privacy: "PUBLIC" });
  const nodes = list.repositoryOwner.repositories.nodes;
  await checkQuery("detail", text("detail"), { ids: nodes.map((node) => node.id) });
  const full = nodes.find((node) => node.name === "tidewater");
  const tree = await (await fetch(`${origin}/repos/mira-lind/tidewater/git/trees/HEAD`, { headers: { "user-agent": "check" } })).json();
  const folder = tree.tree.find((entry) => entry.type === "tree").sha;
  const blob = tree.tree.find((entry) => entry.type === "blob").sha;
  await checkQuery("follow-up", text("follow_up of trees and blobs"),
    { r0: full.id, r0t0: folder, r0t1: tree.sha, r0b0: blob, r1: full.id, r1b0: blob });
  const everyLeaf = (name, skip = []) => Object.values(schema.getType(name).getFields())
    .filter((field) => own.schema.includes(`\n  ${field.name}`) && !skip.includes(field.name))
    .filter((field) => isLeafType(getNamedType(field.type)) && served(name, field.name))
    .map((field) => field.name).join(" ");
  const served = (type, field) => {
    const lines = own.schema.split("\n");
    const start = lines.findIndex((line) => line === type || line.startsWith(`${type} :`));
    for (let at = start + 1; lines[at]?.startsWith("  "); ++at)
      if (new RegExp(`^  ${field}[(:]`).test(lines[at])) return true;
    return false;
  };
  await checkQuery("every field that is served", `query Every($login: String!, $id: ID!) {
    rateLimit { ${everyLeaf("RateLimit")} }
    viewer { ${everyLeaf("User")} }
    user(login: $login) { ${everyLeaf("User")} repository(name: "tidewater") { name }
      repositories(first: 2, orderBy: {field: NAME, direction: ASC}) {
        ${everyLeaf("RepositoryConnection")} pageInfo { ${everyLeaf("PageInfo")} } edges { cursor node { name } } } }
    repository(owner: $login, name: "tidewater") { ${everyLeaf("Repository")}
      owner { __typename id login url resourcePath avatarUrl }
      primaryLanguage { ${everyLeaf("Language")} } licenseInfo { ${everyLeaf("License")} }
      languages(first: 5) { ${everyLeaf("LanguageConnection")} pageInfo { endCursor } nodes { name } edges { cursor size node { id name } } }
      repositoryTopics(first: 5) { totalCount pageInfo { hasNextPage } edges { cursor node { id } }
        nodes { ${everyLeaf("RepositoryTopic")} topic { ${everyLeaf("Topic")} } } }
      ref(qualifiedName: "refs/heads/main") { ${everyLeaf("Ref")} repository { id } target { __typename id } }
      defaultBranchRef { target { __typename oid abbreviatedOid ... on Commit { ${everyLeaf("Commit")}
        file(path: "README.md") { ${everyLeaf("TreeEntry")} object { __typename ... on Blob { ${everyLeaf("Blob")} } } }
        tree { ${everyLeaf("Tree")} entries { ${everyLeaf("TreeEntry")} } } } } } }
    node(id: $id) { __typename id } }`, { login: "mira-lind", id: full.id });
  await checkQuery("a login that nobody has", "query ($login: String!) { repositoryOwner(login: $login) { id login } }", { login: "nobody-here" });
  await checkQuery("a repository that is not there", `{ repository(owner: "mira-lind", name: "none") { id } }`, {}, true);
  const refused = await graphql("{ viewer { shoeSize } }");
  report("graphql an unknown field is an undefinedField error",
    refused.errors?.[0]?.extensions?.code === "undefinedField" && !refused.data ? [] : [JSON.stringify(refused)]);

  // 3. REST answers.
  const repo = { owner: "mira-lind", repo: "tidewater", username: "mira-lind" };
  await checkRest("/users/{username}", repo);
  await checkRest("/users/{username}", { username: "nobody-here" }, 404);
  await checkRest("/users/{username}/repos", repo, 200, "?sort=pushed&per_page=100");
  await checkRest("/user/repos", {}, 200, "?affiliation=owner");
  for (const name of ["tidewater", "pebble-notes", "weather-vane", "blank-slate"])
    await checkRest("/repos/{owner}/{repo}", { ...repo, repo: name });
  await checkRest("/repos/{owner}/{repo}", { ...repo, repo: "none" }, 404);
  await checkRest("/repos/{owner}/{repo}/languages", repo);
  await checkRest("/repos/{owner}/{repo}/topics", repo);
  await checkRest("/repos/{owner}/{repo}/contents/{path}", { ...repo, path: "README.md" });
  await checkRest("/repos/{owner}/{repo}/contents/{path}", { ...repo, path: "src" });
  await checkRest("/repos/{owner}/{repo}/contents/{path}", { ...repo, path: "none.md" }, 404);
  const readme = await checkRest("/repos/{owner}/{repo}/readme", repo);
  await checkRest("/repos/{owner}/{repo}/git/trees/{tree_sha}", { ...repo, tree_sha: "HEAD" }, 200, "?recursive=1");
  await checkRest("/repos/{owner}/{repo}/git/trees/{tree_sha}", { ...repo, repo: "weather-vane", tree_sha: "main" });
  await checkRest("/repos/{owner}/{repo}/git/trees/{tree_sha}", { ...repo, repo: "blank-slate", tree_sha: "main" }, 409);
  await checkRest("/repos/{owner}/{repo}/git/blobs/{file_sha}", { ...repo, file_sha: readme.sha });
  await checkRest("/repos/{owner}/{repo}/git/ref/{ref}", { ...repo, ref: "heads/main" });
  await checkRest("/repos/{owner}/{repo}/commits/{ref}", { ...repo, ref: "HEAD" });
  await checkRest("/repos/{owner}/{repo}/branches/{branch}", { ...repo, branch: "main" });
  await checkRest("/rate_limit");
  await checkRest("/meta");
  await post("/_sim/rename", { owner: "mira-lind", repo: "tidewater", name: "tidemark" });
  await checkRest("/repos/{owner}/{repo}", repo, 301);
  await post("/_sim/faults", { set: ["saml*1"] });
  await checkRest("/repos/{owner}/{repo}", { ...repo, repo: "tidemark" }, 403);
  await post("/_sim/faults", { set: ["bad-token*1"] });
  await checkRest("/user/repos", {}, 401);
} finally {
  child.removeAllListeners("exit");
  child.stdin.end();
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 ? 0 : 1);
