//! Objects that a client makes, changes and removes without pause, and what may be there of them afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::daemon::{ACCOUNT, Api};

/// The objects that these changes are about begin like this.
const PREFIX: &str = "changing";
/// So many there are of a kind at most.
const MOST: usize = 8;

/// Kind and name of an object.
type Key = (&'static str, String);

/// A client.
pub(crate) struct Client {
    random: Random,
    /// How many objects were made.
    made: u32,
    /// What is there for certain.
    known: BTreeMap<Key, Thing>,
    /// What is there if the change that was not answered was made.
    perhaps: Option<BTreeMap<Key, Thing>>,
    /// How many changes were answered.
    pub(crate) answered: u32,
    /// How many were not answered, and of these how many were made.
    pub(crate) cut: [u32; 2],
}

/// An object, as the API shows it and as far as a client sets it.
#[derive(Clone, Debug, PartialEq)]
struct Thing {
    /// Not known before the answer.
    id: Option<String>,
    shown: Value,
}

/// A change: a request, and what it makes of one object (gone, if nothing).
struct Change {
    method: &'static str,
    path: String,
    body: Option<Value>,
    key: Key,
    shown: Option<Value>,
}

/// Numbers that look random, the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

fn objects(kind: &str) -> String {
    format!("/accounts/{ACCOUNT}/secondary_dns/{kind}")
}

impl Client {
    /// One that begins with nothing.
    pub(crate) fn new(random: Random) -> Self {
        Self { random, made: 0, known: BTreeMap::new(), perhaps: None, answered: 0, cut: [0; 2] }
    }

    /// Changes one thing after the other, until it is told to end or the daemon is gone.
    pub(crate) fn work(&mut self, api: Api, end: &AtomicBool) {
        while !end.load(Ordering::SeqCst) && self.perhaps.is_none() {
            let Some(change) = self.next() else { continue };
            let mut after = self.known.clone();
            match &change.shown {
                Some(shown) => {
                    let id = after.get(&change.key).and_then(|thing| thing.id.clone());
                    after.insert(change.key.clone(), Thing { id, shown: shown.clone() });
                }
                None => drop(after.remove(&change.key)),
            }
            if change.key.0 == "zones" && change.shown.is_none() {
                after.remove(&("incoming", change.key.1.clone()));
            }
            match api.call(change.method, &change.path, change.body.as_ref()) {
                None => self.perhaps = Some(after),
                Some(given) => {
                    if let Some(thing) = after.get_mut(&change.key) {
                        thing.id = given["id"].as_str().map(str::to_owned);
                    }
                    self.known = after;
                    self.answered += 1;
                }
            }
        }
    }

    /// What is there now is what was, with or without the change that was not answered: whole, or not at all.
    pub(crate) fn assert_there(&mut self, api: Api) {
        let found = found(api);
        let is = |wanted: &BTreeMap<Key, Thing>| {
            wanted.len() == found.len()
                && wanted.iter().zip(&found).all(|((key, thing), (other, found))| {
                    key == other && thing.shown == found.shown && (thing.id.is_none() || thing.id == found.id)
                })
        };
        let perhaps = self.perhaps.take();
        let made = perhaps.as_ref().is_some_and(is);
        assert!(made || is(&self.known), "there is {found:#?}, \nand not {:#?} \nor {perhaps:#?}", self.known,);
        if perhaps.is_some() {
            self.cut[0] += 1;
            self.cut[1] += u32::from(made);
        }
        self.known = found;
    }

    /// What to do next, if it can be done.
    fn next(&mut self) -> Option<Change> {
        let kinds = ["tsigs", "peers", "acls", "zones", "incoming"];
        let kind = kinds[self.random.below(5) as usize];
        let there: Vec<(Key, Thing)> = self.of(kind).map(|(key, thing)| (key.clone(), thing.clone())).collect();
        let any = self.random.below(there.len() as u64) as usize;
        let one = there.get(any).cloned();
        self.made += 1;
        let name = format!("{PREFIX}{}.example.", self.made);
        match self.random.below(3) {
            0 if there.len() < MOST && kind != "incoming" => {
                let shown = self.wanted(kind, &name);
                let (path, body) = match kind {
                    "zones" => {
                        ("/zones".to_owned(), json!({"account": {"id": ACCOUNT}, "name": name, "type": "secondary"}))
                    }
                    _ => (objects(kind), shown.clone()),
                };
                Some(Change { method: "POST", path, body: Some(body), key: (kind, name), shown: Some(shown) })
            }
            0 => {
                // A zone that is not linked yet.
                let zone = self.of("zones").find(|(key, _)| !self.known.contains_key(&("incoming", key.1.clone())))?;
                let (zone, id) = (zone.0.1.clone(), zone.1.id.clone()?);
                let shown = self.wanted("incoming", &zone);
                let path = format!("/zones/{id}/secondary_dns/incoming");
                Some(Change {
                    method: "POST",
                    path,
                    body: Some(shown.clone()),
                    key: ("incoming", zone),
                    shown: Some(shown),
                })
            }
            1 if kind != "zones" => {
                let (key, thing) = one?;
                let shown = self.wanted(kind, &key.1);
                let path = self.path(&key, &thing)?;
                Some(Change { method: "PUT", path, body: Some(shown.clone()), key, shown: Some(shown) })
            }
            _ => {
                let (key, thing) = one.filter(|(_, thing)| !self.in_use(thing))?;
                let path = self.path(&key, &thing)?;
                Some(Change { method: "DELETE", path, body: None, key, shown: None })
            }
        }
    }

    fn of(&self, kind: &str) -> impl Iterator<Item = (&Key, &Thing)> {
        self.known.iter().filter(move |(key, _)| key.0 == kind)
    }

    fn path(&self, key: &Key, thing: &Thing) -> Option<String> {
        let id = thing.id.as_ref()?;
        Some(match key.0 {
            "zones" => format!("/zones/{id}"),
            "incoming" => format!("/zones/{id}/secondary_dns/incoming"),
            kind => format!("{}/{id}", objects(kind)),
        })
    }

    /// Whether a peer or TSIG is referred to.
    fn in_use(&self, thing: &Thing) -> bool {
        let id = thing.id.as_deref().unwrap_or_default();
        self.of("peers").any(|(_, peer)| peer.shown["tsig_id"] == id)
            || self.of("incoming").any(|(_, incoming)| {
                incoming.shown["peers"].as_array().is_some_and(|peers| peers.iter().any(|peer| peer == id))
            })
    }

    /// What an object of this name is to be.
    fn wanted(&mut self, kind: &str, name: &str) -> Value {
        let number = self.random.below(200);
        let ids = |kind| self.of(kind).filter_map(|(_, thing)| thing.id.clone()).collect::<Vec<_>>();
        let (tsigs, peers) = (ids("tsigs"), ids("peers"));
        match kind {
            "tsigs" => {
                let secret = format!("{number:03}").repeat(8);
                json!({"name": name, "algo": "hmac-sha256.", "secret": secret})
            }
            // The port of discard: nobody is there.
            "peers" if tsigs.is_empty() => {
                json!({"name": name, "ip": format!("127.0.1.{number}"), "port": 9, "ixfr_enable": true})
            }
            "peers" => {
                let tsig = &tsigs[number as usize % tsigs.len()];
                json!({"name": name, "ip": format!("127.0.1.{number}"), "port": 9, "ixfr_enable": false, "tsig_id": tsig})
            }
            "acls" => json!({"name": name, "ip_range": format!("192.0.2.{number}/32")}),
            "incoming" => {
                let peers: Vec<_> = peers.into_iter().take(number as usize % 4).collect();
                json!({"name": name, "peers": peers, "auto_refresh_seconds": 1000 + number})
            }
            _ => json!({"name": name.trim_end_matches('.'), "type": "secondary"}),
        }
    }
}

/// All objects that changes are about, as far as a client sets them.
fn found(api: Api) -> BTreeMap<Key, Thing> {
    let members: [(&str, &[&str]); 4] = [
        ("tsigs", &["name", "algo", "secret"]),
        ("peers", &["name", "ip", "port", "ixfr_enable", "tsig_id"]),
        ("acls", &["name", "ip_range"]),
        ("zones", &["name", "type"]),
    ];
    let only = |object: &Value, members: &[&str]| {
        let members = members.iter().filter(|member| !object[**member].is_null());
        Value::Object(members.map(|member| ((*member).to_owned(), object[*member].clone())).collect())
    };
    let mut found = BTreeMap::new();
    for (kind, members) in members {
        let path = if kind == "zones" { "/zones?per_page=50".to_owned() } else { objects(kind) };
        let listed = api.call("GET", &path, None).unwrap();
        for object in listed.as_array().unwrap() {
            let shown = only(object, members);
            let name = object["name"].as_str().unwrap();
            if !name.starts_with(PREFIX) {
                continue;
            }
            let name = format!("{}.", name.trim_end_matches('.'));
            let id = object["id"].as_str().map(str::to_owned);
            if kind == "zones" {
                // Without a configuration 404 is the answer; the list of configurations is what each zone says.
                if let Some(incoming) = api.find(&format!("/zones/{}/secondary_dns/incoming", id.as_deref().unwrap())) {
                    let shown = only(&incoming, &["name", "peers", "auto_refresh_seconds"]);
                    found.insert(("incoming", name.clone()), Thing { id: id.clone(), shown });
                }
            }
            assert!(found.insert((kind, name.clone()), Thing { id, shown }).is_none(), "{kind} {name} twice");
        }
    }
    found
}
