"""Calls the methods of the official Python SDK that read records, against a zxfrd that has a zone.

Environment: ZXFRD_API (base URL with /client/v4), ZXFRD_API_TOKEN (a token that may read), ZXFRD_ZONE (the name of a zone with the
records of tests/tests/sdk/records.rs).

Prints `ok METHOD` when a method did as it should. The exit status is 0 if all went well.
"""

import os

from cloudflare import Cloudflare, NotFoundError

NOBODY = "0" * 32

api = Cloudflare(base_url=os.environ["ZXFRD_API"], api_token=os.environ["ZXFRD_API_TOKEN"], _strict_response_validation=True)
records = api.dns.records
zone_id = api.zones.list(name=os.environ["ZXFRD_ZONE"]).result[0].id

# Every page, as the SDK asks for one after the other.
found = list(records.list(zone_id=zone_id, per_page=7))
assert len(found) == 105, len(found)
assert len({record.id for record in found}) == 105
by_type = {record.type: record for record in found}
assert (by_type["MX"].content, by_type["MX"].priority) == ("mail.records.example", 10), by_type["MX"]
assert by_type["CAA"].data.tag == "issue" and by_type["CAA"].data.flags == 0, by_type["CAA"]
assert by_type["SRV"].data.port == 443 and by_type["SRV"].data.target == "host1.records.example", by_type["SRV"]
assert by_type["A"].ttl == 60 and by_type["A"].proxied is False and by_type["A"].comment is None
some = list(records.list(zone_id=zone_id, name={"startswith": "host1"}, type="A", order="name", direction="desc"))
assert [record.name for record in some][:2] == ["host19.records.example", "host18.records.example"], some
assert len(list(records.list(zone_id=zone_id, content={"exact": "192.0.2.7"}))) == 1
assert len(list(records.list(zone_id=zone_id, search="mail", match="all"))) == 1
print("ok list", flush=True)

one = records.get(by_type["SRV"].id, zone_id=zone_id)
assert one == by_type["SRV"], one
try:
    records.get(NOBODY, zone_id=zone_id)
    raise AssertionError("there is no such record")
except NotFoundError as error:
    assert error.body["errors"][0]["code"] == 81044, error.body
print("ok get", flush=True)

text = records.export(zone_id=zone_id)
assert len(text.splitlines()) == 106, text
print("ok export", flush=True)
