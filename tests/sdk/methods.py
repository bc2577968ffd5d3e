"""Calls every method of the official Python SDK that concerns zone transfers, against a zxfrd that runs between a primary and a
secondary.

Environment: ZXFRD_API (base URL with /client/v4), ZXFRD_API_TOKEN (a token that may write), ZXFRD_ACCOUNT (an account's id),
ZXFRD_EMAIL (what X-Auth-Email has to be when X-Auth-Key is the same secret); ZXFRD_ZONE (a name), ZXFRD_PRIMARY and
ZXFRD_SECONDARY (ADDRESS:PORT), ZXFRD_PRIMARY_KEY and ZXFRD_SECONDARY_KEY (ALGORITHM:NAME:SECRET); ZXFRD_READER (the address of
somebody else who is to have the zone).

Prints `ok METHOD` when a method did as it should. What DNS has to say is seen by whoever runs this: after `at STEP` the script
waits for a line on standard input. The exit status is 0 if all went well.
"""

import base64
import os
import sys
import time

import cloudflare
import httpx
from cloudflare import Cloudflare

BASE = os.environ["ZXFRD_API"]
TOKEN = os.environ["ZXFRD_API_TOKEN"]
ACCOUNT = os.environ["ZXFRD_ACCOUNT"]
EMAIL = os.environ["ZXFRD_EMAIL"]
ZONE = os.environ["ZXFRD_ZONE"]
READER = os.environ["ZXFRD_READER"]
OTHER_SECRET = base64.b64encode(bytes(range(64))).decode()
NOBODY = "0" * 32
PATIENCE = 20  # seconds

requests = []


def client(**arguments):
    hooks = {"request": [lambda request: requests.append(request)]}
    http = httpx.Client(event_hooks=hooks, timeout=30)
    # What the environment says of credentials would be sent in place of these.
    for name in ("CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"):
        os.environ.pop(name, None)
    return Cloudflare(base_url=BASE, http_client=http, _strict_response_validation=True, **arguments)


def did(method):
    print("ok", method, flush=True)


def at(step):
    print("at", step, flush=True)
    assert sys.stdin.readline(), "nobody looks"


def peer_of(variable):
    ip, port = os.environ[variable].rsplit(":", 1)
    return ip, int(port)


def key_of(variable):
    algo, name, secret = os.environ[variable].split(":", 2)
    return {"algo": f"{algo}.", "name": name, "secret": secret}


def raises(kind, call, code=None, pointer=None):
    """The call raises this, after one request; the first error has this code and points there."""
    before = len(requests)
    try:
        call()
    except kind as error:
        assert len(requests) - before == 1, f"{len(requests) - before} requests, not one"
        first = error.body["errors"][0]
        assert error.body["success"] is False and error.body["result"] is None, error.body
        assert code is None or first["code"] == code, first
        assert pointer is None or first["source"]["pointer"] == pointer, first
        return
    raise AssertionError(f"nothing was raised, {kind.__name__} should have been")


def until(what, holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)


def credentials(api):
    verified = api.user.tokens.verify()
    assert verified.status == "active" and len(verified.id) == 32, verified
    did("user.tokens.verify")
    assert api.accounts.tokens.verify(account_id=ACCOUNT).status == "active"
    did("accounts.tokens.verify")
    assert ACCOUNT in [account.id for account in api.accounts.list()]
    did("accounts.list")
    stranger = client(api_token="nobody-has-this-secret")
    raises(
        cloudflare.PermissionDeniedError, lambda: list(stranger.dns.zone_transfers.tsigs.list(account_id=ACCOUNT)), code=9109
    )
    legacy = client(api_email=EMAIL, api_key=TOKEN)
    assert list(legacy.dns.zone_transfers.acls.list(account_id=ACCOUNT)) == []
    assert "authorization" not in requests[-1].headers and "x-auth-key" in requests[-1].headers
    did("X-Auth-Email and X-Auth-Key")


def tsigs(transfers):
    """Gives the primary's key, which had another secret at first, and the secondary's."""
    key = key_of("ZXFRD_PRIMARY_KEY")
    made = transfers.tsigs.create(account_id=ACCOUNT, name="not-yet.", algo="hmac-sha512.", secret=OTHER_SECRET)
    assert (made.name, made.algo, made.secret) == ("not-yet.", "hmac-sha512.", OTHER_SECRET), made
    assert len(made.id) == 32 and set(made.id) <= set("0123456789abcdef"), made.id
    did("tsigs.create")
    assert transfers.tsigs.get(tsig_id=made.id, account_id=ACCOUNT) == made
    did("tsigs.get")
    secondary = transfers.tsigs.create(account_id=ACCOUNT, **key_of("ZXFRD_SECONDARY_KEY"))
    listed = list(transfers.tsigs.list(account_id=ACCOUNT))
    assert len(listed) == 2 and made in listed and secondary in listed, listed
    did("tsigs.list")
    changed = transfers.tsigs.update(tsig_id=made.id, account_id=ACCOUNT, **key)
    assert changed.model_dump() == {"id": made.id, **key}, changed
    did("tsigs.update")
    raises(
        cloudflare.BadRequestError,
        lambda: transfers.tsigs.create(account_id=ACCOUNT, name="k.", algo="hmac-none.", secret=OTHER_SECRET),
        code=1102,
        pointer="/algo",
    )
    raises(cloudflare.NotFoundError, lambda: transfers.tsigs.get(tsig_id=NOBODY, account_id=ACCOUNT), code=1104)
    return changed, secondary


def peers(transfers, keys):
    """Gives the primary, made of a name and updated, and the secondary, made whole."""
    ip, port = peer_of("ZXFRD_PRIMARY")
    made = transfers.peers.create(account_id=ACCOUNT, name="primary")
    assert made.name == "primary" and made.ip is None and made.port is None and made.tsig_id is None, made
    did("peers.create")
    primary = transfers.peers.update(
        peer_id=made.id, account_id=ACCOUNT, name="knot", ip=ip, port=float(port), ixfr_enable=True, tsig_id=keys[0].id
    )
    assert (primary.ip, primary.port, primary.ixfr_enable, primary.tsig_id) == (ip, port, True, keys[0].id), primary
    # What is left out is unset.
    plain = transfers.peers.update(peer_id=made.id, account_id=ACCOUNT, name="knot", ip=ip, port=port)
    assert plain.tsig_id is None and plain.ixfr_enable is None, plain
    primary = transfers.peers.update(
        peer_id=made.id, account_id=ACCOUNT, name="knot", ip=ip, port=port, ixfr_enable=True, tsig_id=keys[0].id
    )
    did("peers.update")
    assert transfers.peers.get(peer_id=made.id, account_id=ACCOUNT) == primary
    did("peers.get")
    ip, port = peer_of("ZXFRD_SECONDARY")
    secondary = transfers.peers.create(
        account_id=ACCOUNT, name="nsd", extra_body={"ip": ip, "port": float(port), "tsig_id": keys[1].id}
    )
    assert (secondary.ip, secondary.port, secondary.tsig_id) == (ip, port, keys[1].id), secondary
    listed = list(transfers.peers.list(account_id=ACCOUNT))
    assert len(listed) == 2 and primary in listed and secondary in listed, listed
    did("peers.list")
    raises(cloudflare.ConflictError, lambda: transfers.tsigs.delete(tsig_id=keys[0].id, account_id=ACCOUNT), code=1105)
    return primary, secondary


def acls(transfers):
    """Gives one that lets the reader have all zones."""
    made = transfers.acls.create(account_id=ACCOUNT, name="a", ip_range="192.0.2.53/28")
    assert made.ip_range == "192.0.2.53/28", "host bits come back as they were sent"
    did("acls.create")
    assert transfers.acls.get(acl_id=made.id, account_id=ACCOUNT).ip_range == made.ip_range
    did("acls.get")
    changed = transfers.acls.update(acl_id=made.id, account_id=ACCOUNT, name="reader", ip_range=f"{READER}/32")
    assert (changed.id, changed.name, changed.ip_range) == (made.id, "reader", f"{READER}/32"), changed
    did("acls.update")
    assert [acl.id for acl in transfers.acls.list(account_id=ACCOUNT)] == [made.id]
    did("acls.list")
    raises(
        cloudflare.BadRequestError,
        lambda: transfers.acls.create(account_id=ACCOUNT, name="wide", ip_range="192.0.0.0/16"),
        code=1302,
        pointer="/ip_range",
    )
    return changed


def zones(api):
    zone = api.zones.create(account={"id": ACCOUNT}, name=ZONE, type="secondary")
    assert (zone.name, zone.type, zone.account.id) == (ZONE, "secondary", ACCOUNT), zone
    did("zones.create")
    found = list(api.zones.list(name=ZONE, account={"id": ACCOUNT}))
    assert [zone.id for zone in found] == [zone.id], "the iterator stops at the empty page"
    did("zones.list")
    assert api.zones.get(zone_id=zone.id).name == ZONE
    did("zones.get")
    assert api.zones.edit(zone_id=zone.id, paused=True).paused is True
    did("zones.edit")
    assert api.zones.activation_check.trigger(zone_id=zone.id).id == zone.id
    did("zones.activation_check.trigger")
    raises(cloudflare.ConflictError, lambda: api.zones.create(account={"id": ACCOUNT}, name=ZONE, type="full"))
    return zone


def incoming(transfers, zone, peer):
    raises(cloudflare.NotFoundError, lambda: transfers.incoming.get(zone_id=zone.id), code=1406)
    raises(cloudflare.NotFoundError, lambda: transfers.force_axfr.create(zone_id=zone.id), code=1406)
    made = transfers.incoming.create(zone_id=zone.id, name=f"{ZONE}.", peers=[], auto_refresh_seconds=300)
    assert (made.id, made.name, made.peers, made.auto_refresh_seconds) == (zone.id, f"{ZONE}.", [], 300), made
    assert made.soa_serial == 0 and made.created_time == made.checked_time == made.modified_time, made
    did("incoming.create")
    changed = transfers.incoming.update(zone_id=zone.id, name=ZONE, peers=[peer.id], auto_refresh_seconds=86400.0)
    assert (changed.name, changed.peers, changed.auto_refresh_seconds) == (ZONE, [peer.id], 86400), changed
    did("incoming.update")
    assert transfers.incoming.get(zone_id=zone.id).peers == [peer.id]
    did("incoming.get")
    raises(
        cloudflare.BadRequestError,
        lambda: transfers.incoming.update(zone_id=zone.id, name=ZONE, peers=[peer.id], auto_refresh_seconds=30),
        code=1404,
        pointer="/auto_refresh_seconds",
    )
    raises(
        cloudflare.ConflictError,
        lambda: transfers.incoming.create(zone_id=zone.id, name=ZONE, peers=[], auto_refresh_seconds=300),
        code=1407,
    )
    raises(cloudflare.ConflictError, lambda: transfers.peers.delete(peer_id=peer.id, account_id=ACCOUNT), code=1206)
    holds(transfers, zone, 1)
    held = transfers.incoming.get(zone_id=zone.id)
    assert held.created_time == made.created_time < held.modified_time <= held.checked_time, held


def holds(transfers, zone, serial):
    until(f"serial {serial} here", lambda: transfers.incoming.get(zone_id=zone.id).soa_serial == serial)


def outgoing(transfers, zone, peer):
    raises(cloudflare.NotFoundError, lambda: transfers.outgoing.status.get(zone_id=zone.id), code=1406)
    made = transfers.outgoing.create(zone_id=zone.id, name=f"{ZONE}.", peers=[peer.id])
    assert (made.id, made.name, made.peers, made.soa_serial) == (zone.id, f"{ZONE}.", [peer.id], 0), made
    assert made.created_time == made.checked_time == made.last_transferred_time, made
    did("outgoing.create")
    assert transfers.outgoing.status.get(zone_id=zone.id) == "Disabled"
    raises(cloudflare.BadRequestError, lambda: transfers.outgoing.force_notify(zone_id=zone.id), code=1409)
    at("created")
    assert transfers.outgoing.enable(zone_id=zone.id) == "Enabled"
    assert transfers.outgoing.enable(zone_id=zone.id) == "Enabled", "again"
    at("enabled")
    did("outgoing.enable")
    assert transfers.outgoing.status.get(zone_id=zone.id) == "Enabled"
    did("outgoing.status.get")
    sent = transfers.outgoing.get(zone_id=zone.id)
    assert sent.soa_serial == 1 and made.created_time < sent.last_transferred_time, sent
    did("outgoing.get")


def changes(transfers, zone, peer):
    """Two changes at the primary, which tells nobody of them."""
    at("primary has 2")
    assert transfers.force_axfr.create(zone_id=zone.id) == "OK"
    holds(transfers, zone, 2)
    at("forced to 2")
    did("force_axfr.create")

    changed = transfers.outgoing.update(zone_id=zone.id, name=ZONE, peers=[])
    assert (changed.name, changed.peers) == (ZONE, []), changed
    at("primary has 3")
    assert transfers.force_axfr.create(zone_id=zone.id) == "OK"
    holds(transfers, zone, 3)
    at("nobody told of 3")
    assert transfers.outgoing.update(zone_id=zone.id, name=ZONE, peers=[peer.id]).peers == [peer.id]
    did("outgoing.update")
    assert transfers.outgoing.force_notify(zone_id=zone.id) == "OK"
    at("told of 3")
    did("outgoing.force_notify")

    assert transfers.outgoing.disable(zone_id=zone.id) == "Disabled"
    assert transfers.outgoing.disable(zone_id=zone.id) == "Disabled", "again"
    assert transfers.outgoing.status.get(zone_id=zone.id) == "Disabled"
    at("disabled")
    did("outgoing.disable")


def deletions(api, zone, peers, keys, acl):
    transfers = api.dns.zone_transfers
    assert transfers.outgoing.enable(zone_id=zone.id) == "Enabled"
    at("enabled again")
    assert transfers.acls.delete(acl_id=acl.id, account_id=ACCOUNT).id == acl.id
    raises(cloudflare.NotFoundError, lambda: transfers.acls.get(acl_id=acl.id, account_id=ACCOUNT), code=1303)
    at("no ACL")
    did("acls.delete")
    assert transfers.outgoing.delete(zone_id=zone.id).id == zone.id
    raises(cloudflare.NotFoundError, lambda: transfers.outgoing.delete(zone_id=zone.id), code=1406)
    at("no outgoing")
    did("outgoing.delete")
    assert transfers.incoming.delete(zone_id=zone.id).id == zone.id
    raises(cloudflare.NotFoundError, lambda: transfers.incoming.get(zone_id=zone.id), code=1406)
    did("incoming.delete")
    for peer in peers:
        assert transfers.peers.delete(peer_id=peer.id, account_id=ACCOUNT).id == peer.id
    assert list(transfers.peers.list(account_id=ACCOUNT)) == []
    did("peers.delete")
    for key in keys:
        assert transfers.tsigs.delete(tsig_id=key.id, account_id=ACCOUNT).id == key.id
    assert list(transfers.tsigs.list(account_id=ACCOUNT)) == []
    did("tsigs.delete")
    assert api.zones.delete(zone_id=zone.id).id == zone.id
    raises(cloudflare.NotFoundError, lambda: api.zones.get(zone_id=zone.id), code=1001)
    did("zones.delete")


def main():
    api = client(api_token=TOKEN)
    transfers = api.dns.zone_transfers
    credentials(api)
    keys = tsigs(transfers)
    primary, secondary = peers(transfers, keys)
    acl = acls(transfers)
    zone = zones(api)
    incoming(transfers, zone, primary)
    outgoing(transfers, zone, secondary)
    changes(transfers, zone, secondary)
    deletions(api, zone, (primary, secondary), keys, acl)


main()
