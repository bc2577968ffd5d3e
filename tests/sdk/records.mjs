// Calls the methods of the official npm SDK that read records. The environment and what is printed are those of records.py.

import assert from "node:assert/strict";
import Cloudflare from "cloudflare";

const { ZXFRD_API: baseURL, ZXFRD_API_TOKEN: apiToken, ZXFRD_ZONE: name } = process.env;
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
