"""Calls every method of the official Python SDK that concerns zone transfers, against a zxfrd that runs.

Environment: ZXFRD_API (base URL with /client/v4), ZXFRD_API_TOKEN (a token that may write), ZXFRD_ACCOUNT (an account's id);
ZXFRD_EMAIL, if X-Auth-Email with X-Auth-Key is to be tried with the same secret; ZXFRD_PRIMARY (ADDRESS:PORT) and ZXFRD_ZONE
(a name), if a zone is there to be transferred. Prints a line for each method; the exit status is 0 if all did as they should.
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
EMAIL = os.environ.get("ZXFRD_EMAIL")
PRIMARY = os.environ.get("ZXFRD_PRIMARY")
# Nobody listens on the discard port.
IP, PORT = PRIMARY.rsplit(":", 1) if PRIMARY else ("127.0.0.1", "9")
RUN = base64.b32encode(os.urandom(5)).decode().lower()
ZONE = os.environ.get("ZXFRD_ZONE", f"python-{RUN}.example")
SECRET = base64.b64encode(bytes(range(32))).decode()
NOBODY = "0" * 32

requests = []
done = []


def client(**arguments):
    hooks = {"request": [lambda request: requests.append(request)]}
    http = httpx.Client(event_hooks=hooks, timeout=30)
    # What the environment says of credentials would be sent in place of these.
    for name in ("CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_USER_SERVICE_KEY"):
        os.environ.pop(name, None)
    return Cloudflare(base_url=BASE, http_client=http, _strict_response_validation=True, **arguments)


def did(method):
    done.append(method)
    print("ok", method, flush=True)


def raises(kind, call, code=None, pointer=None, attempts=1):
    """The call raises this, after so many requests; the first error has this code and points there."""
    before = len(requests)
    try:
        call()
    except kind as error:
        assert len(requests) - before == attempts, f"{len(requests) - before} requests, not {attempts}"
        first = error.body["errors"][0]
        assert error.body["success"] is False and error.body["result"] is None, error.body
        assert code is None or first["code"] == code, first
        assert pointer is None or first["source"]["pointer"] == pointer, first
        return first
    raise AssertionError(f"nothing was raised, {kind.__name__} should have been")


def tsigs(transfers):
    made = transfers.tsigs.create(account_id=ACCOUNT, name=f"k-{RUN}.", algo="hmac-sha256.", secret=SECRET)
    assert (made.name, made.algo, made.secret) == (f"k-{RUN}.", "hmac-sha256.", SECRET), made
    assert len(made.id) == 32 and set(made.id) <= set("0123456789abcdef"), made.id
    did("tsigs.create")
    assert transfers.tsigs.get(tsig_id=made.id, account_id=ACCOUNT) == made
    did("tsigs.get")
    listed = transfers.tsigs.list(account_id=ACCOUNT)
    assert made in list(listed), "the list has all"
    did("tsigs.list")
    other = base64.b64encode(bytes(range(64))).decode()
    changed = transfers.tsigs.update(
        tsig_id=made.id, account_id=ACCOUNT, name=f"k2-{RUN}.", algo="hmac-sha512.", secret=other
    )
    assert (changed.id, changed.name, changed.algo, changed.secret) == (made.id, f"k2-{RUN}.", "hmac-sha512.", other)
    did("tsigs.update")
    raises(
        cloudflare.BadRequestError,
        lambda: transfers.tsigs.create(account_id=ACCOUNT, name="k.", algo="hmac-none.", secret=SECRET),
        code=1102,
        pointer="/algo",
    )
    raises(cloudflare.NotFoundError, lambda: transfers.tsigs.get(tsig_id=NOBODY, account_id=ACCOUNT), code=1104)
    return changed


def peers(transfers, tsig):
    made = transfers.peers.create(account_id=ACCOUNT, name=f"p-{RUN}")
    assert made.name == f"p-{RUN}" and made.ip is None and made.port is None and made.tsig_id is None, made
    did("peers.create")
    whole = transfers.peers.create(
        account_id=ACCOUNT, name="whole", extra_body={"ip": "192.0.2.1", "port": 53.0, "ixfr_enable": True}
    )
    assert (whole.ip, whole.port, whole.ixfr_enable) == ("192.0.2.1", 53, True), whole
    changed = transfers.peers.update(
        peer_id=made.id, account_id=ACCOUNT, name=f"p2-{RUN}", ip=IP, port=float(PORT), ixfr_enable=True, tsig_id=tsig.id
    )
    assert (changed.ip, changed.port, changed.ixfr_enable, changed.tsig_id) == (IP, int(PORT), True, tsig.id), changed
    did("peers.update")
    assert transfers.peers.get(peer_id=made.id, account_id=ACCOUNT) == changed
    did("peers.get")
    listed = list(transfers.peers.list(account_id=ACCOUNT))
    assert changed in listed and whole in listed, "the list has all"
    did("peers.list")
    raises(
        cloudflare.ConflictError, lambda: transfers.tsigs.delete(tsig_id=tsig.id, account_id=ACCOUNT), code=1105, attempts=1
    )
    # What is left out is unset.
    plain = transfers.peers.update(peer_id=made.id, account_id=ACCOUNT, name=changed.name, ip=IP, port=int(PORT))
    assert plain.tsig_id is None and plain.ixfr_enable is None, plain
    assert transfers.peers.delete(peer_id=whole.id, account_id=ACCOUNT).id == whole.id
    did("peers.delete")
    return plain


def acls(transfers):
    made = transfers.acls.create(account_id=ACCOUNT, name="a", ip_range="192.0.2.53/28")
    assert made.ip_range == "192.0.2.53/28", "host bits come back as they were sent"
    did("acls.create")
    assert transfers.acls.get(acl_id=made.id, account_id=ACCOUNT).ip_range == made.ip_range
    did("acls.get")
    changed = transfers.acls.update(acl_id=made.id, account_id=ACCOUNT, name="b", ip_range="2001:db8::/64")
    assert (changed.id, changed.name, changed.ip_range) == (made.id, "b", "2001:db8::/64"), changed
    did("acls.update")
    assert made.id in [acl.id for acl in transfers.acls.list(account_id=ACCOUNT)]
    did("acls.list")
    raises(
        cloudflare.BadRequestError,
        lambda: transfers.acls.create(account_id=ACCOUNT, name="wide", ip_range="192.0.0.0/16"),
        code=1302,
        pointer="/ip_range",
    )
    assert transfers.acls.delete(acl_id=made.id, account_id=ACCOUNT).id == made.id
    did("acls.delete")
    raises(cloudflare.NotFoundError, lambda: transfers.acls.get(acl_id=made.id, account_id=ACCOUNT), code=1303)


def incoming(transfers, zone, peer):
    raises(cloudflare.NotFoundError, lambda: transfers.incoming.get(zone_id=zone.id))
    raises(cloudflare.NotFoundError, lambda: transfers.force_axfr.create(zone_id=zone.id))
    made = transfers.incoming.create(zone_id=zone.id, name=f"{ZONE}.", peers=[peer.id], auto_refresh_seconds=300)
    assert (made.id, made.name, made.peers, made.auto_refresh_seconds) == (zone.id, f"{ZONE}.", [peer.id], 300), made
    if not PRIMARY:
        assert made.soa_serial == 0 and made.created_time == made.checked_time == made.modified_time, made
    did("incoming.create")
    assert transfers.incoming.get(zone_id=zone.id).peers == [peer.id]
    did("incoming.get")
    changed = transfers.incoming.update(zone_id=zone.id, name=ZONE, peers=[peer.id], auto_refresh_seconds=86400.0)
    assert (changed.name, changed.auto_refresh_seconds) == (ZONE, 86400), changed
    did("incoming.update")
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
        attempts=1,
    )
    raises(cloudflare.ConflictError, lambda: transfers.peers.delete(peer_id=peer.id, account_id=ACCOUNT), code=1206)
    assert transfers.force_axfr.create(zone_id=zone.id) == "OK"
    did("force_axfr.create")
    if PRIMARY:
        until = time.monotonic() + 20
        while not transfers.incoming.get(zone_id=zone.id).soa_serial:
            assert time.monotonic() < until, "the zone is not transferred"
            time.sleep(0.2)


def outgoing(transfers, zone, peer):
    raises(cloudflare.NotFoundError, lambda: transfers.outgoing.status.get(zone_id=zone.id))
    made = transfers.outgoing.create(zone_id=zone.id, name=f"{ZONE}.", peers=[])
    assert (made.id, made.peers, made.soa_serial) == (zone.id, [], 0), made
    assert made.created_time == made.checked_time == made.last_transferred_time, made
    did("outgoing.create")
    assert transfers.outgoing.status.get(zone_id=zone.id) == "Disabled"
    did("outgoing.status.get")
    raises(cloudflare.BadRequestError, lambda: transfers.outgoing.force_notify(zone_id=zone.id), code=1409)
    changed = transfers.outgoing.update(zone_id=zone.id, name=ZONE, peers=[peer.id])
    assert (changed.name, changed.peers) == (ZONE, [peer.id]), changed
    did("outgoing.update")
    assert transfers.outgoing.get(zone_id=zone.id).peers == [peer.id]
    did("outgoing.get")
    assert transfers.outgoing.enable(zone_id=zone.id) == "Enabled"
    assert transfers.outgoing.enable(zone_id=zone.id) == "Enabled", "again"
    did("outgoing.enable")
    assert transfers.outgoing.status.get(zone_id=zone.id) == "Enabled"
    assert transfers.outgoing.force_notify(zone_id=zone.id) == "OK"
    did("outgoing.force_notify")
    assert transfers.outgoing.disable(zone_id=zone.id) == "Disabled"
    did("outgoing.disable")
    assert transfers.outgoing.delete(zone_id=zone.id).id == zone.id
    did("outgoing.delete")
    raises(cloudflare.NotFoundError, lambda: transfers.outgoing.delete(zone_id=zone.id))


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
    raises(
        cloudflare.ConflictError,
        lambda: api.zones.create(account={"id": ACCOUNT}, name=ZONE, type="full"),
        attempts=1,
    )
    return zone


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
    if EMAIL:
        legacy = client(api_email=EMAIL, api_key=TOKEN)
        list(legacy.dns.zone_transfers.acls.list(account_id=ACCOUNT))
        assert "authorization" not in requests[-1].headers and "x-auth-key" in requests[-1].headers
        did("X-Auth-Email and X-Auth-Key")


def main():
    api = client(api_token=TOKEN)
    transfers = api.dns.zone_transfers
    credentials(api)
    tsig = tsigs(transfers)
    acls(transfers)
    zone = zones(api)
    peer = peers(transfers, tsig)
    assert transfers.tsigs.delete(tsig_id=tsig.id, account_id=ACCOUNT).id == tsig.id
    did("tsigs.delete")
    incoming(transfers, zone, peer)
    outgoing(transfers, zone, peer)
    assert transfers.incoming.delete(zone_id=zone.id).id == zone.id
    did("incoming.delete")
    transfers.peers.delete(peer_id=peer.id, account_id=ACCOUNT)
    assert api.zones.delete(zone_id=zone.id).id == zone.id
    did("zones.delete")
    raises(cloudflare.NotFoundError, lambda: api.zones.get(zone_id=zone.id), code=1001)
    kinds = ("tsigs.", "peers.", "acls.", "incoming.", "outgoing.", "force_axfr.")
    transfers_done = {method for method in done if method.startswith(kinds)}
    assert len(transfers_done) == 28, sorted(transfers_done)
    print(f"{len(transfers_done)} methods of zone transfers, {len(done)} in all, {len(requests)} requests")


if __name__ == "__main__":
    sys.exit(main())
