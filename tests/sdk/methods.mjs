// Calls every method of the official npm SDK that concerns zone transfers, against a zxfrd that runs. The environment is that
// of methods.py. Prints a line for each method; the exit status is 0 if all did as they should.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import Cloudflare from "cloudflare";

const { ZXFRD_API: baseURL, ZXFRD_API_TOKEN: token, ZXFRD_ACCOUNT: account_id, ZXFRD_EMAIL: email, ZXFRD_PRIMARY: primary } =
  process.env;
// Nobody listens on the discard port.
const [ip, port] = primary ? [primary.slice(0, primary.lastIndexOf(":")), Number(primary.slice(primary.lastIndexOf(":") + 1))] : ["127.0.0.1", 9];
const run = randomBytes(4).toString("hex");
const zoneName = process.env.ZXFRD_ZONE ?? `npm-${run}.example`;
const secret = Buffer.from(Array.from({ length: 32 }, (_, octet) => octet)).toString("base64");
const nobody = "0".repeat(32);

// What the environment says of credentials would be sent beside these.
for (const name of ["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"]) {
  delete process.env[name];
}

const requests = [];
const done = [];

function client(credentials) {
  const counted = (url, init) => {
    requests.push(init);
    return fetch(url, init);
  };
  return new Cloudflare({ baseURL, fetch: counted, timeout: 30_000, ...credentials });
}

function did(method) {
  done.push(method);
  console.log("ok", method);
}

// The call is refused in this way, with one request; the first error has this code and points there.
async function refused(kind, call, code, pointer) {
  const before = requests.length;
  const error = await call().then(
    () => assert.fail(`nothing was refused, ${kind.name} should have been`),
    (error) => error,
  );
  assert.ok(error instanceof kind, String(error));
  assert.equal(requests.length - before, 1, "requests");
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
  if (email) {
    await all(client({ apiEmail: email, apiKey: token }).dns.zoneTransfers.acls.list({ account_id }));
    did("X-Auth-Email and X-Auth-Key");
    await all(client({ apiEmail: email, apiKey: token, apiToken: "nobody-has-this-secret" }).dns.zoneTransfers.acls.list({ account_id }));
    did("one valid scheme of two");
  }
}

async function tsigs() {
  const body = { account_id, name: `k-${run}.`, algo: "hmac-sha256.", secret };
  const made = await transfers.tsigs.create(body);
  assert.deepEqual({ ...made }, { id: made.id, name: body.name, algo: body.algo, secret });
  assert.match(made.id, /^[0-9a-f]{32}$/);
  did("tsigs.create");
  assert.deepEqual(await transfers.tsigs.get(made.id, { account_id }), made);
  did("tsigs.get");
  assert.ok((await all(transfers.tsigs.list({ account_id }))).some((tsig) => tsig.id === made.id));
  did("tsigs.list");
  const changed = await transfers.tsigs.update(made.id, { ...body, algo: "hmac-sha512." });
  assert.equal(changed.algo, "hmac-sha512.");
  did("tsigs.update");
  await refused(Cloudflare.BadRequestError, () => transfers.tsigs.create({ ...body, algo: "hmac-none." }), 1102, "/algo");
  await refused(Cloudflare.NotFoundError, () => transfers.tsigs.get(nobody, { account_id }), 1104);
  return changed;
}

async function peers(tsig) {
  const bare = await transfers.peers.create({ account_id, name: `p-${run}` });
  assert.deepEqual({ ...bare }, { id: bare.id, name: `p-${run}` });
  did("peers.create");
  // The types have the name alone, but what is there beyond it is sent.
  const whole = await transfers.peers.create({ account_id, name: "whole", ip, port, ixfr_enable: true, tsig_id: tsig.id });
  assert.deepEqual({ ...whole }, { id: whole.id, name: "whole", ip, port, ixfr_enable: true, tsig_id: tsig.id });
  assert.deepEqual(await transfers.peers.get(whole.id, { account_id }), whole);
  did("peers.get");
  assert.ok((await all(transfers.peers.list({ account_id }))).some((peer) => peer.id === bare.id));
  did("peers.list");
  await refused(Cloudflare.ConflictError, () => transfers.tsigs.delete(tsig.id, { account_id }), 1105);
  const changed = await transfers.peers.update(whole.id, { account_id, name: "whole", ip, port });
  assert.deepEqual({ ...changed }, { id: whole.id, name: "whole", ip, port }, "what isn't said is unset");
  did("peers.update");
  assert.equal((await transfers.peers.delete(bare.id, { account_id })).id, bare.id);
  did("peers.delete");
  assert.equal((await transfers.tsigs.delete(tsig.id, { account_id })).id, tsig.id);
  did("tsigs.delete");
  return changed;
}

async function acls() {
  const made = await transfers.acls.create({ account_id, name: "a", ip_range: "192.0.2.53/28" });
  assert.equal(made.ip_range, "192.0.2.53/28");
  did("acls.create");
  assert.equal((await transfers.acls.get(made.id, { account_id })).name, "a");
  did("acls.get");
  assert.equal((await transfers.acls.update(made.id, { account_id, name: "b", ip_range: "2001:db8::1" })).ip_range, "2001:db8::1");
  did("acls.update");
  assert.ok((await all(transfers.acls.list({ account_id }))).some((acl) => acl.id === made.id));
  did("acls.list");
  await refused(
    Cloudflare.BadRequestError,
    () => transfers.acls.create({ account_id, name: "wide", ip_range: "192.0.0.0/16" }),
    1302,
    "/ip_range",
  );
  assert.equal((await transfers.acls.delete(made.id, { account_id })).id, made.id);
  did("acls.delete");
}

async function zones() {
  const zone = await api.zones.create({ account: { id: account_id }, name: zoneName, type: "secondary" });
  assert.equal(zone.name, zoneName);
  did("zones.create");
  assert.deepEqual((await all(api.zones.list({ name: zoneName, account: { id: account_id } }))).map((zone) => zone.id), [zone.id]);
  did("zones.list");
  assert.equal((await api.zones.get({ zone_id: zone.id })).type, "secondary");
  did("zones.get");
  assert.equal((await api.zones.edit({ zone_id: zone.id, paused: true })).paused, true);
  did("zones.edit");
  assert.equal((await api.zones.activationCheck.trigger({ zone_id: zone.id })).id, zone.id);
  did("zones.activationCheck.trigger");
  return zone.id;
}

async function incoming(zone_id, peer) {
  await refused(Cloudflare.NotFoundError, () => transfers.incoming.get({ zone_id }), 1406);
  const made = await transfers.incoming.create({ zone_id, name: `${zoneName}.`, peers: [peer.id], auto_refresh_seconds: 300 });
  assert.deepEqual([made.id, made.name, made.peers], [zone_id, `${zoneName}.`, [peer.id]]);
  did("incoming.create");
  assert.equal((await transfers.incoming.get({ zone_id })).auto_refresh_seconds, 300);
  did("incoming.get");
  const changed = await transfers.incoming.update({ zone_id, name: zoneName, peers: [peer.id], auto_refresh_seconds: 86400 });
  assert.equal(changed.auto_refresh_seconds, 86400);
  did("incoming.update");
  const again = { zone_id, name: zoneName, peers: [], auto_refresh_seconds: 300 };
  await refused(Cloudflare.ConflictError, () => transfers.incoming.create(again), 1407);
  assert.equal(await transfers.forceAXFR.create({ zone_id }), "OK");
  did("force_axfr.create");
  for (const until = Date.now() + 20_000; primary && !(await transfers.incoming.get({ zone_id })).soa_serial; ) {
    assert.ok(Date.now() < until, "the zone is not transferred");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function outgoing(zone_id, peer) {
  await refused(Cloudflare.NotFoundError, () => transfers.outgoing.status.get({ zone_id }), 1406);
  const made = await transfers.outgoing.create({ zone_id, name: `${zoneName}.`, peers: [] });
  assert.deepEqual([made.id, made.peers, made.soa_serial], [zone_id, [], 0]);
  did("outgoing.create");
  assert.equal(await transfers.outgoing.status.get({ zone_id }), "Disabled");
  did("outgoing.status.get");
  await refused(Cloudflare.BadRequestError, () => transfers.outgoing.forceNotify({ zone_id }), 1409);
  assert.deepEqual((await transfers.outgoing.update({ zone_id, name: zoneName, peers: [peer.id] })).peers, [peer.id]);
  did("outgoing.update");
  assert.deepEqual((await transfers.outgoing.get({ zone_id })).peers, [peer.id]);
  did("outgoing.get");
  assert.equal(await transfers.outgoing.enable({ zone_id }), "Enabled");
  did("outgoing.enable");
  assert.equal(await transfers.outgoing.status.get({ zone_id }), "Enabled");
  assert.equal(await transfers.outgoing.forceNotify({ zone_id }), "OK");
  did("outgoing.force_notify");
  assert.equal(await transfers.outgoing.disable({ zone_id }), "Disabled");
  did("outgoing.disable");
  assert.equal((await transfers.outgoing.delete({ zone_id })).id, zone_id);
  did("outgoing.delete");
}

await credentials();
const peer = await peers(await tsigs());
await acls();
const zone = await zones();
await incoming(zone, peer);
await outgoing(zone, peer);
assert.equal((await transfers.incoming.delete({ zone_id: zone })).id, zone);
did("incoming.delete");
await transfers.peers.delete(peer.id, { account_id });
assert.equal((await api.zones.delete({ zone_id: zone })).id, zone);
did("zones.delete");
await refused(Cloudflare.NotFoundError, () => api.zones.get({ zone_id: zone }), 1001);
const kinds = /^(tsigs|peers|acls|incoming|outgoing|force_axfr)\./;
const methods = new Set(done.filter((method) => kinds.test(method)));
assert.equal(methods.size, 28, [...methods].join(" "));
console.log(`${methods.size} methods of zone transfers, ${done.length} in all, ${requests.length} requests`);
