// Calls the methods of the official npm SDK that read and change records. The environment and what is printed are those of records.py.

import assert from "node:assert/strict";
import Cloudflare from "cloudflare";

const { ZXFRD_API: baseURL, ZXFRD_API_TOKEN: apiToken, ZXFRD_ZONE: name, ZXFRD_ACCOUNT: account } = process.env;
// What the environment says of credentials would be sent beside these.
for (const name of ["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"]) {
  delete process.env[name];
}

const api = new Cloudflare({ baseURL, apiToken, timeout: 30_000 });
const { records } = api.dns;

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

const [{ id: zone_id }] = await all(api.zones.list({ name }));

// Every page, as the SDK asks for one after the other.
const found = await all(records.list({ zone_id, per_page: 7 }));
assert.equal(new Set(found.map((record) => record.id)).size, 105);
const of = (type) => found.find((record) => record.type === type);
assert.deepEqual([of("MX").content, of("MX").priority], ["mail.records.example", 10]);
assert.deepEqual(of("CAA").data, { flags: 0, tag: "issue", value: "ca.example" });
assert.equal(of("SRV").data.port, 443);
const some = await all(records.list({ zone_id, name: { startswith: "host1" }, type: "A", order: "name", direction: "desc" }));
assert.equal(some[0].name, "host19.records.example");
assert.equal((await all(records.list({ zone_id, content: { exact: "192.0.2.7" } }))).length, 1);
console.log("ok list");

assert.deepEqual(await records.get(of("SRV").id, { zone_id }), of("SRV"));
await assert.rejects(records.get("0".repeat(32), { zone_id }), (error) => error.errors[0].code === 81044);
console.log("ok get");

assert.equal((await records.export({ zone_id })).trimEnd().split("\n").length, 106);
console.log("ok export");

const zone = await api.zones.create({ account: { id: account }, name: "made.example", type: "full" });
const here = { zone_id: zone.id };
const made = await records.create({ ...here, name: "www", type: "A", content: "192.0.2.1", ttl: 1, comment: "first", tags: ["team:dns"] });
assert.deepEqual([made.name, made.content, made.ttl, made.comment], ["www.made.example", "192.0.2.1", 1, "first"]);
const data = { priority: 1, weight: 2, port: 3, target: "www.made.example" };
const srv = await records.create({ ...here, name: "_x._tcp", type: "SRV", ttl: 300, data });
assert.deepEqual(srv.data, data);
console.log("ok create");

const put = await records.update(made.id, { ...here, name: "www", type: "A", content: "192.0.2.2", ttl: 60 });
assert.deepEqual([put.id, put.content, put.comment], [made.id, "192.0.2.2", null]);
console.log("ok update");

const edited = await records.edit(made.id, { ...here, name: "www", type: "A", ttl: 120, comment: "second" });
assert.deepEqual([edited.id, edited.content, edited.ttl, edited.comment], [made.id, "192.0.2.2", 120, "second"]);
console.log("ok edit");

const batch = await records.batch({
  ...here,
  deletes: [{ id: srv.id }],
  patches: [{ id: made.id, name: "www", type: "A", ttl: 60, content: "192.0.2.3" }],
  posts: [{ name: "b", type: "TXT", content: "text", ttl: 60 }],
});
assert.deepEqual([batch.deletes[0].id, batch.patches[0].content, batch.posts[0].content], [srv.id, "192.0.2.3", '"text"']);
console.log("ok batch");

const imported = await records.import({ ...here, file: "$TTL 60\nc A 192.0.2.4\nwww A 192.0.2.3\n", proxied: "false" });
assert.deepEqual([imported.recs_added, imported.total_records_parsed], [1, 2]);
console.log("ok import");

assert.equal((await records.delete(made.id, here)).id, made.id);
assert.deepEqual((await all(records.list(here))).map((record) => record.name), ["b.made.example", "c.made.example"]);
console.log("ok delete");
