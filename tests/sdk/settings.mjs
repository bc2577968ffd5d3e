// Calls the methods of the official npm SDK that read and change the settings of zones. The environment and what is printed are
// those of settings.py.

import assert from "node:assert/strict";
import Cloudflare from "cloudflare";

const { ZXFRD_API: baseURL, ZXFRD_API_TOKEN: apiToken, ZXFRD_ACCOUNT: account } = process.env;
// What the environment says of credentials would be sent beside these.
for (const name of ["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"]) {
  delete process.env[name];
}

const api = new Cloudflare({ baseURL, apiToken, timeout: 30_000 });
const { dnssec } = api.dns;
const settings = api.dns.settings.zone;
const make = async (name, type) => ({ zone_id: (await api.zones.create({ account: { id: account }, name, type })).id });
const full = await make("full.example", "full");
const secondary = await make("secondary.example", "secondary");
const refused = (promise, code) => assert.rejects(promise, (error) => error.errors[0].code === code);

const found = await settings.get(full);
assert.deepEqual(found, {
  flatten_all_cnames: false,
  foundation_dns: false,
  internal_dns: {},
  multi_provider: false,
  nameservers: { type: "cloudflare.standard" },
  ns_ttl: 86400,
  secondary_overrides: false,
  soa: { mname: null, rname: "hostmaster.full.example", refresh: 10000, retry: 2400, expire: 604800, min_ttl: 1800, ttl: 3600 },
  zone_mode: "standard",
});
await refused(settings.get({ zone_id: "0".repeat(32) }), 1001);
console.log("ok settings.zone.get");

const edited = await settings.edit({ ...full, multi_provider: true, soa: { mname: "ns.example.org", refresh: 7200 } });
assert.deepEqual([edited.multi_provider, edited.soa.mname, edited.soa.refresh, edited.soa.retry], [true, "ns.example.org", 7200, 2400]);
assert.deepEqual(await settings.get(full), edited);
assert.deepEqual(await settings.edit({ ...full, ...edited }), edited);
await refused(settings.edit({ ...full, soa: { ttl: 1 } }), 2404);
console.log("ok settings.zone.edit");

assert.equal((await dnssec.get(secondary)).status, "disabled");
console.log("ok dnssec.get");

const presigned = await dnssec.edit({ ...secondary, dnssec_presigned: true, dnssec_use_nsec3: true });
assert.deepEqual([presigned.status, presigned.dnssec_presigned, presigned.dnssec_use_nsec3], ["pending", true, true]);
await refused(dnssec.edit({ ...full, status: "active" }), 2502);
console.log("ok dnssec.edit");

const keys = [];
for await (const key of dnssec.zsk.list(secondary)) keys.push(key);
assert.deepEqual(keys, []);
console.log("ok dnssec.zsk.list");

assert.equal(typeof (await dnssec.delete(secondary)), "string");
assert.equal((await dnssec.get(secondary)).status, "disabled");
console.log("ok dnssec.delete");
