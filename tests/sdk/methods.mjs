// Calls every method of the official npm SDK that concerns zone transfers, against a zxfrd that runs between a primary and a
// secondary. The environment, what is printed, and the steps at which it waits are those of methods.py.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import Cloudflare from "cloudflare";

const { ZXFRD_API: baseURL, ZXFRD_API_TOKEN: token, ZXFRD_ACCOUNT: account_id, ZXFRD_EMAIL: email } = process.env;
const { ZXFRD_ZONE: zoneName, ZXFRD_READER: reader } = process.env;
const otherSecret = Buffer.from(Array.from({ length: 64 }, (_, octet) => octet)).toString("base64");
const nobody = "0".repeat(32);
const patience = 20_000; // milliseconds

// What the environment says of credentials would be sent beside these.
for (const name of ["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"]) {
  delete process.env[name];
}

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
let requests = 0;

function client(credentials) {
  const counted = (url, init) => {
    requests += 1;
    return fetch(url, init);
  };
  return new Cloudflare({ baseURL, fetch: counted, timeout: 30_000, ...credentials });
}

function did(method) {
  console.log("ok", method);
}

async function at(step) {
  console.log("at", step);
  assert.equal((await lines.next()).done, false, "nobody looks");
}

function peerOf(variable) {
  const [ip, port] = process.env[variable].split(":");
  return { ip, port: Number(port) };
}

function keyOf(variable) {
  const [algo, name, secret] = process.env[variable].split(":");
  return { algo: `${algo}.`, name, secret };
}

// The call is refused in this way, with one request; the first error has this code and points there.
async function refused(kind, call, code, pointer) {
  const before = requests;
  const error = await call().then(
    () => assert.fail(`nothing was refused, ${kind.name} should have been`),
    (error) => error,
  );
  assert.ok(error instanceof kind, String(error));
  assert.equal(requests - before, 1, "requests");
  const first = error.errors[0];
  if (code !== undefined) assert.equal(first.code, code);
  if (pointer !== undefined) assert.equal(first.source.pointer, pointer);
}

async function all(list) {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

const api = client({ apiToken: token });
const transfers = api.dns.zoneTransfers;

async function credentials() {
  assert.equal((await api.user.tokens.verify()).status, "active");
  did("user.tokens.verify");
  assert.equal((await api.accounts.tokens.verify({ account_id })).status, "active");
  did("accounts.tokens.verify");
  assert.ok((await all(api.accounts.list())).some((account) => account.id === account_id));
  did("accounts.list");
  const stranger = client({ apiToken: "nobody-has-this-secret" });
  await refused(Cloudflare.PermissionDeniedError, () => all(stranger.dns.zoneTransfers.tsigs.list({ account_id })), 9109);
  assert.deepEqual(await all(client({ apiEmail: email, apiKey: token }).dns.zoneTransfers.acls.list({ account_id })), []);
  did("X-Auth-Email and X-Auth-Key");
  const both = client({ apiEmail: email, apiKey: token, apiToken: "nobody-has-this-secret" });
  assert.deepEqual(await all(both.dns.zoneTransfers.acls.list({ account_id })), []);
  did("one valid scheme of two");
}

// Gives the primary's key, which had another secret at first, and the secondary's.
async function tsigs() {
  const key = keyOf("ZXFRD_PRIMARY_KEY");
  const wanted = { name: "not-yet.", algo: "hmac-sha512.", secret: otherSecret };
  const made = await transfers.tsigs.create({ account_id, ...wanted });
  assert.deepEqual({ ...made }, { id: made.id, ...wanted });
  assert.match(made.id, /^[0-9a-f]{32}$/);
  did("tsigs.create");
  assert.deepEqual(await transfers.tsigs.get(made.id, { account_id }), made);
  did("tsigs.get");
  const secondary = await transfers.tsigs.create({ account_id, ...keyOf("ZXFRD_SECONDARY_KEY") });
  const listed = await all(transfers.tsigs.list({ account_id }));
  assert.deepEqual(listed.map((tsig) => tsig.id).sort(), [made.id, secondary.id].sort());
  did("tsigs.list");
  const changed = await transfers.tsigs.update(made.id, { account_id, ...key });
  assert.deepEqual({ ...changed }, { id: made.id, ...key });
  did("tsigs.update");
  const unknown = { account_id, ...wanted, algo: "hmac-none." };
  await refused(Cloudflare.BadRequestError, () => transfers.tsigs.create(unknown), 1102, "/algo");
  await refused(Cloudflare.NotFoundError, () => transfers.tsigs.get(nobody, { account_id }), 1104);
  return [changed, secondary];
}

// Gives the primary, made of a name and updated, and the secondary, made whole.
async function peers(keys) {
  const bare = await transfers.peers.create({ account_id, name: "primary" });
  assert.deepEqual({ ...bare }, { id: bare.id, name: "primary" });
  did("peers.create");
  const wanted = { name: "knot", ...peerOf("ZXFRD_PRIMARY") };
  const plain = await transfers.peers.update(bare.id, { account_id, ...wanted });
  assert.deepEqual({ ...plain }, { id: bare.id, ...wanted });
  const signed = { ...wanted, ixfr_enable: true, tsig_id: keys[0].id };
  const primary = await transfers.peers.update(bare.id, { account_id, ...signed });
  assert.deepEqual({ ...primary }, { id: bare.id, ...signed });
  did("peers.update");
  assert.deepEqual(await transfers.peers.get(bare.id, { account_id }), primary);
  did("peers.get");
  // The types have the name alone, but what is there beyond it is sent.
  const whole = { name: "nsd", ...peerOf("ZXFRD_SECONDARY"), tsig_id: keys[1].id };
  const secondary = await transfers.peers.create({ account_id, ...whole });
  assert.deepEqual({ ...secondary }, { id: secondary.id, ...whole });
  const listed = await all(transfers.peers.list({ account_id }));
  assert.deepEqual(listed.map((peer) => peer.id).sort(), [primary.id, secondary.id].sort());
  did("peers.list");
  await refused(Cloudflare.ConflictError, () => transfers.tsigs.delete(keys[0].id, { account_id }), 1105);
  return [primary, secondary];
}

// Gives one that lets the reader have all zones.
async function acls() {
  const made = await transfers.acls.create({ account_id, name: "a", ip_range: "192.0.2.53/28" });
  assert.equal(made.ip_range, "192.0.2.53/28");
  did("acls.create");
  assert.equal((await transfers.acls.get(made.id, { account_id })).name, "a");
  did("acls.get");
  const changed = await transfers.acls.update(made.id, { account_id, name: "reader", ip_range: `${reader}/32` });
  assert.deepEqual([changed.id, changed.name, changed.ip_range], [made.id, "reader", `${reader}/32`]);
  did("acls.update");
  assert.deepEqual((await all(transfers.acls.list({ account_id }))).map((acl) => acl.id), [made.id]);
  did("acls.list");
  const wide = { account_id, name: "wide", ip_range: "192.0.0.0/16" };
  await refused(Cloudflare.BadRequestError, () => transfers.acls.create(wide), 1302, "/ip_range");
  return changed;
}

async function zones() {
  const wanted = { account: { id: account_id }, name: zoneName, type: "secondary" };
  const zone = await api.zones.create(wanted);
  assert.deepEqual([zone.name, zone.type, zone.account.id], [zoneName, "secondary", account_id]);
  did("zones.create");
  const found = await all(api.zones.list({ name: zoneName, account: { id: account_id } }));
  assert.deepEqual(found.map((zone) => zone.id), [zone.id]);
  did("zones.list");
  assert.equal((await api.zones.get({ zone_id: zone.id })).type, "secondary");
  did("zones.get");
  assert.equal((await api.zones.edit({ zone_id: zone.id, paused: true })).paused, true);
  did("zones.edit");
  assert.equal((await api.zones.activationCheck.trigger({ zone_id: zone.id })).id, zone.id);
  did("zones.activation_check.trigger");
  await refused(Cloudflare.ConflictError, () => api.zones.create({ ...wanted, type: "full" }));
  return zone.id;
}

async function incoming(zone_id, peer) {
  await refused(Cloudflare.NotFoundError, () => transfers.incoming.get({ zone_id }), 1406);
  await refused(Cloudflare.NotFoundError, () => transfers.forceAXFR.create({ zone_id }), 1406);
  const wanted = { zone_id, name: `${zoneName}.`, peers: [], auto_refresh_seconds: 300 };
  const made = await transfers.incoming.create(wanted);
  assert.deepEqual([made.id, made.name, made.peers, made.auto_refresh_seconds], [zone_id, `${zoneName}.`, [], 300]);
  assert.deepEqual([made.soa_serial, made.checked_time, made.modified_time], [0, made.created_time, made.created_time]);
  did("incoming.create");
  const linked = { zone_id, name: zoneName, peers: [peer.id], auto_refresh_seconds: 86400 };
  const changed = await transfers.incoming.update(linked);
  assert.deepEqual([changed.name, changed.peers, changed.auto_refresh_seconds], [zoneName, [peer.id], 86400]);
  did("incoming.update");
  assert.deepEqual((await transfers.incoming.get({ zone_id })).peers, [peer.id]);
  did("incoming.get");
  const often = { ...linked, auto_refresh_seconds: 30 };
  await refused(Cloudflare.BadRequestError, () => transfers.incoming.update(often), 1404, "/auto_refresh_seconds");
  await refused(Cloudflare.ConflictError, () => transfers.incoming.create(wanted), 1407);
  await refused(Cloudflare.ConflictError, () => transfers.peers.delete(peer.id, { account_id }), 1206);
  await holds(zone_id, 1);
  const held = await transfers.incoming.get({ zone_id });
  assert.ok(made.created_time < held.modified_time && held.modified_time <= held.checked_time, JSON.stringify(held));
}

async function holds(zone_id, serial) {
  for (const until = Date.now() + patience; (await transfers.incoming.get({ zone_id })).soa_serial !== serial; ) {
    assert.ok(Date.now() < until, `not within ${patience} ms: serial ${serial} here`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function outgoing(zone_id, peer) {
  await refused(Cloudflare.NotFoundError, () => transfers.outgoing.status.get({ zone_id }), 1406);
  const made = await transfers.outgoing.create({ zone_id, name: `${zoneName}.`, peers: [peer.id] });
  assert.deepEqual([made.id, made.name, made.peers, made.soa_serial], [zone_id, `${zoneName}.`, [peer.id], 0]);
  assert.deepEqual([made.checked_time, made.last_transferred_time], [made.created_time, made.created_time]);
  did("outgoing.create");
  assert.equal(await transfers.outgoing.status.get({ zone_id }), "Disabled");
  await refused(Cloudflare.BadRequestError, () => transfers.outgoing.forceNotify({ zone_id }), 1409);
  await at("created");
  assert.equal(await transfers.outgoing.enable({ zone_id }), "Enabled");
  assert.equal(await transfers.outgoing.enable({ zone_id }), "Enabled", "again");
  await at("enabled");
  did("outgoing.enable");
  assert.equal(await transfers.outgoing.status.get({ zone_id }), "Enabled");
  did("outgoing.status.get");
  const sent = await transfers.outgoing.get({ zone_id });
  assert.ok(sent.soa_serial === 1 && made.created_time < sent.last_transferred_time, JSON.stringify(sent));
  did("outgoing.get");
}

// Two changes at the primary, which tells nobody of them.
async function changes(zone_id, peer) {
  await at("primary has 2");
  assert.equal(await transfers.forceAXFR.create({ zone_id }), "OK");
  await holds(zone_id, 2);
  await at("forced to 2");
  did("force_axfr.create");

  const changed = await transfers.outgoing.update({ zone_id, name: zoneName, peers: [] });
  assert.deepEqual([changed.name, changed.peers], [zoneName, []]);
  await at("primary has 3");
  assert.equal(await transfers.forceAXFR.create({ zone_id }), "OK");
  await holds(zone_id, 3);
  await at("nobody told of 3");
  assert.deepEqual((await transfers.outgoing.update({ zone_id, name: zoneName, peers: [peer.id] })).peers, [peer.id]);
  did("outgoing.update");
  assert.equal(await transfers.outgoing.forceNotify({ zone_id }), "OK");
  await at("told of 3");
  did("outgoing.force_notify");

  assert.equal(await transfers.outgoing.disable({ zone_id }), "Disabled");
  assert.equal(await transfers.outgoing.disable({ zone_id }), "Disabled", "again");
  assert.equal(await transfers.outgoing.status.get({ zone_id }), "Disabled");
  await at("disabled");
  did("outgoing.disable");
}

async function deletions(zone_id, peers, keys, acl) {
  assert.equal(await transfers.outgoing.enable({ zone_id }), "Enabled");
  await at("enabled again");
  assert.equal((await transfers.acls.delete(acl.id, { account_id })).id, acl.id);
  await refused(Cloudflare.NotFoundError, () => transfers.acls.get(acl.id, { account_id }), 1303);
  await at("no ACL");
  did("acls.delete");
  assert.equal((await transfers.outgoing.delete({ zone_id })).id, zone_id);
  await refused(Cloudflare.NotFoundError, () => transfers.outgoing.delete({ zone_id }), 1406);
  await at("no outgoing");
  did("outgoing.delete");
  assert.equal((await transfers.incoming.delete({ zone_id })).id, zone_id);
  await refused(Cloudflare.NotFoundError, () => transfers.incoming.get({ zone_id }), 1406);
  did("incoming.delete");
  for (const peer of peers) assert.equal((await transfers.peers.delete(peer.id, { account_id })).id, peer.id);
  assert.deepEqual(await all(transfers.peers.list({ account_id })), []);
  did("peers.delete");
  for (const key of keys) assert.equal((await transfers.tsigs.delete(key.id, { account_id })).id, key.id);
  assert.deepEqual(await all(transfers.tsigs.list({ account_id })), []);
  did("tsigs.delete");
  assert.equal((await api.zones.delete({ zone_id })).id, zone_id);
  await refused(Cloudflare.NotFoundError, () => api.zones.get({ zone_id }), 1001);
  did("zones.delete");
}

await credentials();
const keys = await tsigs();
const [primary, secondary] = await peers(keys);
const acl = await acls();
const zone = await zones();
await incoming(zone, primary);
await outgoing(zone, secondary);
await changes(zone, secondary);
await deletions(zone, [primary, secondary], keys, acl);
input.close();
