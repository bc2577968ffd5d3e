"""Calls every method of the official Python SDK that concerns alerts, against a zxfrd that posts to a local server.

Environment: ZXFRD_API (base URL with /client/v4), ZXFRD_API_TOKEN (a token that may write), ZXFRD_ACCOUNT (an account's id),
ZXFRD_HOOK (where something takes what is posted), ZXFRD_NOBODY (ADDRESS:PORT where nobody listens).

Prints `ok METHOD` when a method did as it should. The exit status is 0 if all went well.
"""

import datetime
import json
import os
import time

import cloudflare
from cloudflare import Cloudflare

ACCOUNT = os.environ["ZXFRD_ACCOUNT"]
HOOK = os.environ["ZXFRD_HOOK"]
TYPE = "secondary_dns_all_primaries_failing"
SECRET = "hidden-webhook-secret"
NOBODY = "0" * 32
PATIENCE = 30  # seconds


def did(method):
    print("ok", method, flush=True)


def until(what, found):
    deadline = time.monotonic() + PATIENCE
    while not (result := found()):
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)
    return result


def raises(kind, call, code, pointer=None):
    try:
        call()
    except kind as error:
        first = error.body["errors"][0]
        assert first["code"] == code, first
        assert pointer is None or first["source"]["pointer"] == pointer, first
        return
    raise AssertionError(f"nothing was raised, {kind.__name__} should have been")


def available(alerting):
    alerts = alerting.available_alerts.list(account_id=ACCOUNT)
    types = [alert.type for alert in alerts["DNS"]]
    assert TYPE in types and len(types) == 5, types
    assert all(alert.display_name and alert.description and alert.filter_options == [] for alert in alerts["DNS"])
    did("available_alerts.list")


def webhooks(api):
    hooks = api.alerting.destinations.webhooks
    made = hooks.create(account_id=ACCOUNT, name="pager", url=HOOK, secret=SECRET)
    assert len(made.id) == 32, made
    did("destinations.webhooks.create")
    tested = until("a test message", lambda: (hook := hooks.get(made.id, account_id=ACCOUNT)).last_success and hook)
    assert (tested.id, tested.name, tested.url, tested.type) == (made.id, "pager", HOOK, "generic"), tested
    assert isinstance(tested.created_at, datetime.datetime) and tested.last_failure is None, tested
    assert SECRET not in tested.to_json(), tested
    did("destinations.webhooks.get")
    assert [hook.id for hook in hooks.list(account_id=ACCOUNT)] == [made.id]
    did("destinations.webhooks.list")
    assert hooks.update(made.id, account_id=ACCOUNT, name="bell", url=HOOK).id == made.id
    assert hooks.get(made.id, account_id=ACCOUNT).name == "bell"
    did("destinations.webhooks.update")
    raises(
        cloudflare.BadRequestError,
        lambda: hooks.create(account_id=ACCOUNT, name="x", url="ftp://example.org"),
        2102,
        "/url",
    )
    raises(cloudflare.NotFoundError, lambda: hooks.get(NOBODY, account_id=ACCOUNT), 2104)
    return made


def policies(api, hook):
    policies = api.alerting.policies
    mechanisms = {"webhooks": [{"id": hook.id}]}
    made = policies.create(
        account_id=ACCOUNT, alert_type="secondary_dns_warning", enabled=False, mechanisms=mechanisms, name="first"
    )
    did("policies.create")
    policy = policies.get(made.id, account_id=ACCOUNT)
    assert (policy.id, policy.name, policy.enabled) == (made.id, "first", False), policy
    assert policy.alert_type == "secondary_dns_warning" and policy.mechanisms.webhooks[0].id == hook.id, policy
    assert isinstance(policy.created, datetime.datetime) and isinstance(policy.modified, datetime.datetime), policy
    did("policies.get")
    assert [policy.id for policy in policies.list(account_id=ACCOUNT)] == [made.id]
    did("policies.list")
    assert policies.update(made.id, account_id=ACCOUNT, enabled=True, alert_type=TYPE).id == made.id
    changed = policies.get(made.id, account_id=ACCOUNT)
    assert (changed.name, changed.enabled, changed.alert_type) == ("first", True, TYPE), changed
    did("policies.update")
    raises(
        cloudflare.BadRequestError,
        lambda: policies.create(
            account_id=ACCOUNT, alert_type=TYPE, enabled=True, mechanisms={"email": [{"id": "a@example.org"}]}, name="x"
        ),
        2203,
        "/mechanisms/email",
    )
    raises(cloudflare.ConflictError, lambda: api.alerting.destinations.webhooks.delete(hook.id, account_id=ACCOUNT), 2105)
    return made


def fail(api):
    """Has a zone come from where nobody listens."""
    ip, port = os.environ["ZXFRD_NOBODY"].rsplit(":", 1)
    transfers = api.dns.zone_transfers
    peer = transfers.peers.create(account_id=ACCOUNT, name="nobody")
    transfers.peers.update(peer.id, account_id=ACCOUNT, name="nobody", ip=ip, port=int(port))
    zone = api.zones.create(account={"id": ACCOUNT}, name="alerts.example", type="secondary")
    transfers.incoming.create(zone_id=zone.id, name="alerts.example", peers=[peer.id], auto_refresh_seconds=300)
    return zone


def history(api, zone, policy, hook):
    sent = until("an alert", lambda: list(api.alerting.history.list(account_id=ACCOUNT)))
    assert len(sent) == 1, "the iterator stops at the empty page"
    body = json.loads(sent[0].alert_body)
    assert body["alert_event"] == "ALERT_STATE_EVENT_START" and body["data"]["zone_tag"] == zone.id, body
    assert (sent[0].alert_type, sent[0].policy_id, sent[0].name) == (TYPE, policy.id, "first"), sent
    assert (sent[0].mechanism, sent[0].mechanism_type) == (hook.id, "webhook"), sent
    assert isinstance(sent[0].sent, datetime.datetime), sent
    second = datetime.timedelta(seconds=1)
    before = api.alerting.history.list(account_id=ACCOUNT, before=sent[0].sent - second, per_page=5)
    since = api.alerting.history.list(account_id=ACCOUNT, since=sent[0].sent - second, per_page=5)
    assert list(before) == [] and list(since) == sent
    did("history.list")
    # Without its zone there is no more trouble.
    api.zones.delete(zone_id=zone.id)
    sent = until("the end of it", lambda: len(sent := list(api.alerting.history.list(account_id=ACCOUNT))) == 2 and sent)
    end = json.loads(sent[0].alert_body)
    assert end["alert_event"] == "ALERT_STATE_EVENT_END", end
    assert end["alert_correlation_id"] == body["alert_correlation_id"], end


def deletions(api, policy, hook):
    deleted = api.alerting.policies.delete(policy.id, account_id=ACCOUNT)
    assert deleted.success is True and deleted.errors == [] and deleted.messages == [], deleted
    assert list(api.alerting.policies.list(account_id=ACCOUNT)) == []
    did("policies.delete")
    deleted = api.alerting.destinations.webhooks.delete(hook.id, account_id=ACCOUNT)
    assert deleted.success is True and deleted.errors == [] and deleted.messages == [], deleted
    assert list(api.alerting.destinations.webhooks.list(account_id=ACCOUNT)) == []
    did("destinations.webhooks.delete")


def main():
    # What the environment says of credentials would be sent in place of these.
    for name in ("CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"):
        os.environ.pop(name, None)
    api = Cloudflare(
        base_url=os.environ["ZXFRD_API"], api_token=os.environ["ZXFRD_API_TOKEN"], _strict_response_validation=True
    )
    available(api.alerting)
    hook = webhooks(api)
    policy = policies(api, hook)
    zone = fail(api)
    history(api, zone, policy, hook)
    deletions(api, policy, hook)


main()
