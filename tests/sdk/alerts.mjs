// Calls every method of the official npm SDK that concerns alerts. The environment and what is printed are those of alerts.py.

import assert from "node:assert/strict";
import Cloudflare from "cloudflare";

const { ZXFRD_API: baseURL, ZXFRD_API_TOKEN: apiToken, ZXFRD_ACCOUNT: account_id } = process.env;
const { ZXFRD_HOOK: url, ZXFRD_NOBODY: address } = process.env;
const alert_type = "secondary_dns_all_primaries_failing";
const secret = "hidden-webhook-secret";
const nobody = "0".repeat(32);
const patience = 30_000; // milliseconds

// What the environment says of credentials would be sent beside these.
for (const name of ["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"]) {
  delete process.env[name];
}

const api = new Cloudflare({ baseURL, apiToken, timeout: 30_000 });
const { alerting } = api;
const hooks = alerting.destinations.webhooks;
const inAccount = { account_id };

function did(method) {
  console.log("ok", method);
}

async function until(what, found) {
  const deadline = Date.now() + patience;
  for (;;) {
    const result = await found();
    if (result) return result;
    assert.ok(Date.now() < deadline, `not within ${patience} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function refused(kind, call, code, pointer) {
  const error = await call().then(
    () => assert.fail(`nothing was refused, ${kind.name} should have been`),
    (error) => error,
  );
  assert.ok(error instanceof kind, String(error));
  assert.equal(error.errors[0].code, code);
  if (pointer !== undefined) assert.equal(error.errors[0].source.pointer, pointer);
}

const available = await alerting.availableAlerts.list(inAccount);
assert.ok(available.DNS.length === 5 && available.DNS.some((alert) => alert.type === alert_type), JSON.stringify(available));
did("available_alerts.list");

const hook = await hooks.create({ ...inAccount, name: "pager", url, secret });
assert.equal(hook.id.length, 32);
did("destinations.webhooks.create");
const tested = await until("a test message", async () => {
  const found = await hooks.get(hook.id, inAccount);
  return found.last_success && found;
});
const { created_at, last_success, ...rest } = tested;
assert.deepEqual(rest, { id: hook.id, name: "pager", url, type: "generic", last_failure: null });
did("destinations.webhooks.get");
assert.deepEqual((await all(hooks.list(inAccount))).map((one) => one.id), [hook.id]);
did("destinations.webhooks.list");
assert.equal((await hooks.update(hook.id, { ...inAccount, name: "bell", url })).id, hook.id);
assert.equal((await hooks.get(hook.id, inAccount)).name, "bell");
did("destinations.webhooks.update");
await refused(Cloudflare.BadRequestError, () => hooks.create({ ...inAccount, name: "x", url: "nowhere" }), 2102, "/url");
await refused(Cloudflare.NotFoundError, () => hooks.get(nobody, inAccount), 2104);

const mechanisms = { webhooks: [{ id: hook.id }] };
const wanted = { ...inAccount, alert_type: "secondary_dns_warning", enabled: false, mechanisms, name: "first" };
const policy = await alerting.policies.create(wanted);
did("policies.create");
const held = await alerting.policies.get(policy.id, inAccount);
assert.deepEqual([held.id, held.name, held.enabled, held.mechanisms], [policy.id, "first", false, mechanisms]);
did("policies.get");
assert.deepEqual((await all(alerting.policies.list(inAccount))).map((one) => one.id), [policy.id]);
did("policies.list");
assert.equal((await alerting.policies.update(policy.id, { ...inAccount, enabled: true, alert_type })).id, policy.id);
const changed = await alerting.policies.get(policy.id, inAccount);
assert.deepEqual([changed.name, changed.enabled, changed.alert_type], ["first", true, alert_type]);
did("policies.update");
await refused(Cloudflare.ConflictError, () => hooks.delete(hook.id, inAccount), 2105);

// A zone that comes from where nobody listens.
const [ip, port] = address.split(":");
const transfers = api.dns.zoneTransfers;
const peer = await transfers.peers.create({ ...inAccount, name: "nobody" });
await transfers.peers.update(peer.id, { ...inAccount, name: "nobody", ip, port: Number(port) });
const zone = await api.zones.create({ account: { id: account_id }, name: "alerts.example", type: "secondary" });
const link = { zone_id: zone.id, name: "alerts.example", peers: [peer.id], auto_refresh_seconds: 300 };
await transfers.incoming.create(link);
const history = () => all(alerting.history.list(inAccount));
const [start] = await until("an alert", async () => {
  const sent = await history();
  return sent.length === 1 && sent;
});
const body = JSON.parse(start.alert_body);
assert.deepEqual([body.alert_event, body.data.zone_tag], ["ALERT_STATE_EVENT_START", zone.id]);
assert.deepEqual([start.alert_type, start.policy_id, start.mechanism], [alert_type, policy.id, hook.id]);
did("history.list");
await api.zones.delete({ zone_id: zone.id });
const [end] = await until("the end of it", async () => {
  const sent = await history();
  return sent.length === 2 && sent;
});
const { alert_event, alert_correlation_id } = JSON.parse(end.alert_body);
assert.deepEqual([alert_event, alert_correlation_id], ["ALERT_STATE_EVENT_END", body.alert_correlation_id]);

assert.equal((await alerting.policies.delete(policy.id, inAccount)).success, true);
did("policies.delete");
assert.equal((await hooks.delete(hook.id, inAccount)).success, true);
assert.deepEqual(await all(hooks.list(inAccount)), []);
did("destinations.webhooks.delete");
