"""Calls the methods of the official Python SDK that read and change records, against a zxfrd that has a zone.

Environment: ZXFRD_API (base URL with /client/v4), ZXFRD_API_TOKEN (a token that may write), ZXFRD_ACCOUNT (an account's id), ZXFRD_ZONE (the name of a zone with the
records of tests/tests/sdk/records.rs).

Prints `ok METHOD` when a method did as it should. The exit status is 0 if all went well.
"""

import os

from cloudflare import BadRequestError, Cloudflare, NotFoundError

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

# A zone whose records are changed here.
account = os.environ["ZXFRD_ACCOUNT"]
made_id = api.zones.create(account={"id": account}, name="made.example", type="full").id
made = records.create(zone_id=made_id, name="www", type="A", content="192.0.2.1", ttl=1, comment="first", tags=["team:dns"])
assert (made.name, made.content, made.ttl, made.comment) == ("www.made.example", "192.0.2.1", 1, "first"), made
srv = records.create(
    zone_id=made_id, name="_x._tcp", type="SRV", ttl=300, data={"priority": 1, "weight": 2, "port": 3, "target": "www.made.example"}
)
assert srv.data.port == 3 and srv.content == "2 3 www.made.example", srv
try:
    records.create(zone_id=made_id, name="www", type="CNAME", content="a.b", ttl=60)
    raise AssertionError("a CNAME stands alone")
except BadRequestError as error:
    assert error.body["errors"][0]["code"] == 81053, error.body
print("ok create", flush=True)

put = records.update(made.id, zone_id=made_id, name="www", type="A", content="192.0.2.2", ttl=60)
assert (put.id, put.content, put.comment) == (made.id, "192.0.2.2", None), put
print("ok update", flush=True)

edited = records.edit(made.id, zone_id=made_id, name="www", type="A", content="192.0.2.2", ttl=120, comment="second")
assert (edited.id, edited.content, edited.ttl, edited.comment) == (made.id, "192.0.2.2", 120, "second"), edited
print("ok edit", flush=True)

batch = records.batch(
    zone_id=made_id,
    deletes=[{"id": srv.id}],
    patches=[{"id": made.id, "name": "www", "type": "A", "ttl": 60, "content": "192.0.2.3"}],
    posts=[{"name": "b", "type": "TXT", "content": "text", "ttl": 60}],
)
assert [record.id for record in batch.deletes] == [srv.id] and batch.patches[0].content == "192.0.2.3", batch
assert batch.posts[0].content == '"text"', batch
print("ok batch", flush=True)

imported = records.import_(zone_id=made_id, file="$TTL 60\nc A 192.0.2.4\nwww A 192.0.2.3\n", proxied="false")
assert (imported.recs_added, imported.total_records_parsed) == (1, 2), imported
print("ok import", flush=True)

assert records.delete(made.id, zone_id=made_id).id == made.id
assert sorted(record.name for record in records.list(zone_id=made_id)) == ["b.made.example", "c.made.example"]
assert "comment" not in records.export(zone_id=made_id)
print("ok delete", flush=True)
