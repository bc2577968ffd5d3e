"""Calls the methods of the official Python SDK that read and change the settings of zones.

Environment: ZXFRD_API (base URL with /client/v4), ZXFRD_API_TOKEN (a token that may write), ZXFRD_ACCOUNT (an account's id).

Prints `ok METHOD` when a method did as it should. The exit status is 0 if all went well.
"""

import os

from cloudflare import BadRequestError, Cloudflare, ConflictError, NotFoundError

NOBODY = "0" * 32

api = Cloudflare(base_url=os.environ["ZXFRD_API"], api_token=os.environ["ZXFRD_API_TOKEN"], _strict_response_validation=True)
settings, dnssec = api.dns.settings.zone, api.dns.dnssec
account = {"id": os.environ["ZXFRD_ACCOUNT"]}
full = api.zones.create(account=account, name="full.example", type="full").id
secondary = api.zones.create(account=account, name="secondary.example", type="secondary").id


def raises(kind, call, code, pointer=None):
    try:
        call()
    except kind as error:
        first = error.body["errors"][0]
        assert first["code"] == code, first
        assert pointer is None or first["source"]["pointer"] == pointer, first
        return
    raise AssertionError(f"nothing was raised, {kind.__name__} should have been")


found = settings.get(zone_id=full)
assert (found.flatten_all_cnames, found.foundation_dns, found.multi_provider, found.secondary_overrides) == (False,) * 4
assert (found.ns_ttl, found.zone_mode, found.nameservers.type) == (86400, "standard", "cloudflare.standard"), found
assert (found.soa.mname, found.soa.rname, found.soa.ttl) == (None, "hostmaster.full.example", 3600), found.soa
raises(NotFoundError, lambda: settings.get(zone_id=NOBODY), 1001)
print("ok settings.zone.get", flush=True)

edited = settings.edit(zone_id=full, multi_provider=True, soa={"mname": "ns.example.org", "refresh": 7200})
assert edited.multi_provider is True and edited.to_dict() == settings.get(zone_id=full).to_dict(), edited
assert (edited.soa.mname, edited.soa.refresh, edited.soa.retry) == ("ns.example.org", 7200, 2400), edited.soa
# All that was read can be sent back.
same = settings.edit(zone_id=full, **edited.to_dict())
assert same == edited, same
raises(BadRequestError, lambda: settings.edit(zone_id=full, soa={"ttl": 1}), 2404, "/soa/ttl")
raises(BadRequestError, lambda: settings.edit(zone_id=full, flatten_all_cnames=True), 2401, "/flatten_all_cnames")
raises(BadRequestError, lambda: settings.edit(zone_id=secondary, soa={"ttl": 300}), 2404, "/soa")
print("ok settings.zone.edit", flush=True)

found = dnssec.get(zone_id=secondary)
assert (found.status, found.dnssec_presigned, found.dnssec_use_nsec3, found.ds) == ("disabled", False, False, None), found
print("ok dnssec.get", flush=True)

edited = dnssec.edit(zone_id=secondary, dnssec_presigned=True, dnssec_use_nsec3=True)
# Nothing was transferred yet, so that there is no key.
assert (edited.status, edited.dnssec_presigned, edited.dnssec_use_nsec3) == ("pending", True, True), edited
assert edited == dnssec.get(zone_id=secondary)
raises(BadRequestError, lambda: dnssec.edit(zone_id=full, status="active"), 2502, "/status")
raises(ConflictError, lambda: settings.edit(zone_id=secondary, secondary_overrides=True), 2405, "/secondary_overrides")
print("ok dnssec.edit", flush=True)

assert list(dnssec.zsk.list(zone_id=secondary)) == []
print("ok dnssec.zsk.list", flush=True)

assert isinstance(dnssec.delete(zone_id=secondary), str)
assert dnssec.get(zone_id=secondary).status == "disabled"
print("ok dnssec.delete", flush=True)
