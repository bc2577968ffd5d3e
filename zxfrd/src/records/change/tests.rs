use std::path::Path;

use serde_json::{Map, Value, json};
use zxfr_core::edit::Rules;
use zxfr_core::serial::SerialPolicy;
use zxfr_core::time::UnixTime;

use super::*;
use crate::records::{Book, Shown};
use crate::zone::{LoadOptions, load_text};

const ZONE: Id = Id([1; 16]);
const RULES: Rules = Rules { apex_cname: true, limits: zxfr_core::zone::BuildLimits::NONE };

/// A zone that is changed, and its notes.
struct Rig {
    version: Arc<Version>,
    book: Book,
}

impl Rig {
    fn new() -> Self {
        let text = "$ORIGIN e.test.\n@ 60 SOA . . 1 1 1 1 1\n@ 300 NS ns\nns 120 A 192.0.2.1\nns 120 A 192.0.2.2\n\
                    www 30 CNAME ns\nmail 60 MX 10 ns\n";
        let version = load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
        Self { version: Arc::new(version), book: Book::default() }
    }

    fn change(&mut self, changes: &[Change], at: i64) -> Result<Vec<Changed>, (usize, Fault)> {
        let mut edit = Edit::new(self.version.clone(), RULES);
        let (changed, mut layer) = perform(&mut edit, &self.book, (ZONE, Time(1), Time(at)), changes)?;
        if let Some(change) = edit.finish(SerialPolicy::Increment, UnixTime(0)).map_err(|error| (0, rule(&error)))? {
            follow(&mut layer, &self.book, ZONE, &change.version, &change.deltas);
            self.version = change.version;
        }
        self.book.take(layer);
        Ok(changed)
    }

    fn one(&mut self, change: Change) -> Result<Changed, Fault> {
        self.change(&[change], 5).map(|mut changed| changed.remove(0)).map_err(|(_, fault)| fault)
    }

    fn refused(&mut self, change: Change) -> (u32, Option<String>) {
        let before = self.version.serial();
        let fault = self.one(change).unwrap_err();
        assert_eq!(self.version.serial(), before);
        (fault.code, fault.pointer)
    }

    fn look_up(&self, id: Id) -> Option<(Found, Option<Arc<Note>>)> {
        look_up(&self.version, &self.book, ZONE, id)
    }

    /// All ids with name, type, content and TTL of their records.
    fn all(&self) -> Vec<(Id, String)> {
        let mut records = self.version.records();
        let mut all = Vec::new();
        while let Some(record) = records.next() {
            if record.rtype != Rtype::SOA {
                let id = shown_id(&self.book, derived_id(ZONE, self.version.apex(), &record));
                all.push((id, line(&Found::of(&record))));
            }
        }
        all
    }

    fn id(&self, line: &str) -> Id {
        let all = self.all();
        all.iter().find(|(_, other)| other == line).unwrap_or_else(|| panic!("{line}: {all:?}")).0
    }
}

fn line(found: &Found) -> String {
    format!("{} {} {} {}", found.owner, found.ttl, found.rtype, Shown::of(&found.record()).content)
}

fn wanted(name: &str, rtype: Rtype, content: &str) -> Wanted {
    let given = Given { content: Some(content.to_owned()), ..Given::default() };
    Wanted { name: Some(name.to_owned()), rtype: Some(rtype), given, ..Wanted::default() }
}

#[test]
fn a_record_keeps_its_id_whatever_becomes_of_it() {
    let mut rig = Rig::new();
    let id = rig.id("ns.e.test. 120 A 192.0.2.1");
    assert_eq!(rig.look_up(id).unwrap().1, None, "nobody has edited it");
    let patch = Wanted { given: wanted("", Rtype::A, "192.0.2.9").given, ..Wanted::default() };
    let changed = rig.one(Change::Patch(id, patch)).unwrap();
    assert_eq!((changed.id, line(&changed.found).as_str()), (id, "ns.e.test. 120 A 192.0.2.9"));
    let moved = Wanted { ttl: Some(600), comment: Some(Some("moved".to_owned())), ..wanted("x", Rtype::TXT, "t") };
    let changed = rig.one(Change::Put(id, moved)).unwrap();
    assert_eq!((changed.id, line(&changed.found).as_str()), (id, "x.e.test. 600 TXT \"t\""));
    let (found, note) = rig.look_up(id).unwrap();
    assert_eq!((found, note.clone()), (changed.found, changed.note));
    let note = note.unwrap();
    assert_eq!((note.created, note.modified, note.comment.as_deref()), (Time(1), Time(5), Some("moved")));
    // What it was before comes again: another record, with another id.
    let again = rig.one(Change::Post(wanted("ns", Rtype::A, "192.0.2.1"))).unwrap();
    assert_ne!(again.id, id);
    assert_eq!(rig.all().len(), 6);
    rig.one(Change::Delete(id)).unwrap();
    assert_eq!(rig.look_up(id), None);
    assert_eq!(rig.book.notes().count(), 1);
}

#[test]
fn a_record_that_comes_again_as_it_was_has_an_id_of_its_own() {
    let mut rig = Rig::new();
    let id = rig.id("ns.e.test. 120 A 192.0.2.1");
    let patch = Wanted { given: wanted("", Rtype::A, "192.0.2.9").given, ..Wanted::default() };
    rig.one(Change::Patch(id, patch)).unwrap();
    // By DNS UPDATE, which knows of no notes.
    let mut edit = Edit::new(rig.version.clone(), RULES);
    let owner: Name = "ns.e.test.".parse().unwrap();
    let record = Record { owner: owner.as_ref(), rtype: Rtype::A, class: Class::IN, ttl: 120, rdata: &[192, 0, 2, 1] };
    edit.add(&record).unwrap();
    rig.version = edit.finish(SerialPolicy::Increment, UnixTime(0)).unwrap().unwrap().version;
    let other = rig.id("ns.e.test. 120 A 192.0.2.1");
    assert_ne!(other, id);
    let content = |id| Shown::of(&rig.look_up(id).unwrap().0.record()).content;
    assert_eq!([id, other].map(content), ["192.0.2.9", "192.0.2.1"]);
    rig.one(Change::Delete(other)).unwrap();
    assert_eq!(rig.look_up(other), None);
    assert!(rig.look_up(id).is_some());
}

#[test]
fn a_note_goes_with_its_record_whoever_deletes_it() {
    let mut rig = Rig::new();
    let made = rig.one(Change::Post(wanted("new", Rtype::A, "192.0.2.3"))).unwrap();
    let mut edit = Edit::new(rig.version.clone(), RULES);
    edit.delete_rrset(made.found.owner.as_ref(), Rtype::A);
    let change = edit.finish(SerialPolicy::Increment, UnixTime(0)).unwrap().unwrap();
    let mut layer = Layer::default();
    follow(&mut layer, &rig.book, ZONE, &change.version, &change.deltas);
    assert_eq!(layer.changes().collect::<Vec<_>>(), [(ZONE, made.id, None)]);
    // One whose TTL alone is another is deleted and added, and stays.
    let mut edit = Edit::new(rig.version.clone(), RULES);
    edit.add(&Record { ttl: 77, ..made.found.record() }).unwrap();
    let change = edit.finish(SerialPolicy::Increment, UnixTime(0)).unwrap().unwrap();
    let mut layer = Layer::default();
    follow(&mut layer, &rig.book, ZONE, &change.version, &change.deltas);
    assert!(layer.is_empty());
}

#[test]
fn names_are_whole_or_below_the_zones() {
    let mut rig = Rig::new();
    for (number, (name, owner)) in [
        ("@", "e.test."),
        ("e.test", "e.test."),
        ("a", "a.e.test."),
        ("a.b", "a.b.e.test."),
        ("a.e.test", "a.e.test."),
        ("a.E.test.", "a.E.test."),
        ("*", "*.e.test."),
        ("e.test.org", "e.test.org.e.test."),
    ]
    .into_iter()
    .enumerate()
    {
        let made = rig.one(Change::Post(wanted(name, Rtype::TXT, &number.to_string()))).unwrap();
        assert_eq!(made.found.owner.to_string(), owner, "{name}");
    }
    let label = "x".repeat(63);
    for bad in ["", "a..b", "a.org.", &label.repeat(2), &format!("{label}.{label}.{label}.{}", "x".repeat(60))] {
        assert_eq!(rig.refused(Change::Post(wanted(bad, Rtype::TXT, "t"))), (code::RECORD_NAME, Some("/name".into())));
    }
}

#[test]
fn rules_of_zones() {
    let mut rig = Rig::new();
    let post = |name, rtype, content| Change::Post(wanted(name, rtype, content));
    assert_eq!(rig.refused(post("ns", Rtype::A, "192.0.2.1")).0, code::RECORD_EXISTS);
    assert_eq!(rig.refused(post("ns", Rtype::CNAME, "x.y")).0, code::RECORD_CNAME);
    assert_eq!(rig.refused(post("www", Rtype::A, "192.0.2.1")).0, code::RECORD_CNAME);
    assert_eq!(rig.refused(post("www", Rtype::CNAME, "x.y")).0, code::RECORD_RULE, "two of them");
    assert_eq!(rig.refused(post("@", Rtype::SOA, ". . 1 1 1 1 1")), (code::RECORD_TYPE, Some("/type".into())));
    assert_eq!(rig.refused(post("@", Rtype::ANY, "")), (code::RECORD_TYPE, Some("/type".into())));
    assert_eq!(rig.refused(post("x", Rtype::A, "192.0.2")), (code::RECORD_IPV4, Some("/content".into())));
    assert_eq!(rig.refused(Change::Delete(rig.id("e.test. 300 NS ns.e.test"))).0, code::RECORD_RULE, "the last one");
    assert_eq!(rig.refused(Change::Delete(Id([9; 16]))).0, code::RECORD_NOT_FOUND);
    rig.one(post("@", Rtype::CNAME, "x.y")).expect("at the apex");
    // Deletions come first, so that one takes the place of the other.
    let www = rig.id("www.e.test. 30 CNAME ns.e.test");
    rig.change(&[Change::Delete(www), post("www", Rtype::A, "192.0.2.7")], 5).unwrap();
}

#[test]
fn ttls() {
    let mut rig = Rig::new();
    let mut post = |name: &str, ttl| {
        let made = rig.one(Change::Post(Wanted { ttl, ..wanted(name, Rtype::A, "192.0.2.1") }));
        made.map(|made| (made.found.ttl, shown_ttl(&made.found, made.note.as_deref()))).map_err(|fault| fault.code)
    };
    assert_eq!(post("a", None), Ok((300, 1)));
    assert_eq!(post("b", Some(1)), Ok((300, 1)));
    assert_eq!(post("c", Some(30)), Ok((30, 30)));
    assert_eq!(post("d", Some(86_400)), Ok((86_400, 86_400)));
    assert_eq!(post("e", Some(300)), Ok((300, 300)));
    for bad in [0, 2, 29, 86_401] {
        assert_eq!(post("f", Some(bad)), Err(code::RECORD_TTL));
    }
    // An RRset has one, and each of its records says so.
    let both = [
        Change::Post(Wanted { ttl: Some(60), ..wanted("g", Rtype::A, "192.0.2.1") }),
        Change::Post(Wanted { ttl: Some(90), ..wanted("g", Rtype::A, "192.0.2.2") }),
    ];
    let made = rig.change(&both, 5).unwrap();
    assert_eq!(made.iter().map(|made| made.found.ttl).collect::<Vec<_>>(), [90, 90]);
}

#[test]
fn what_is_not_given_stays_in_a_patch_and_goes_in_a_put() {
    let mut rig = Rig::new();
    let id = rig.id("mail.e.test. 60 MX ns.e.test");
    let full = Wanted {
        comment: Some(Some("c".to_owned())),
        tags: Some(vec!["a:b".to_owned()]),
        settings: Some(Some("{}".to_owned())),
        ..Wanted::default()
    };
    let first = rig.one(Change::Patch(id, full)).unwrap();
    assert_eq!(first.found.ttl, 60, "it stays though it is none that may be given");
    let priority = Given { priority: Some(20), ..Given::default() };
    let second = rig.one(Change::Patch(id, Wanted { given: priority, ..Wanted::default() })).unwrap();
    assert_eq!(Shown::of(&second.found.record()).priority, Some(20));
    assert_eq!(second.note.as_ref().unwrap().tags, ["a:b"]);
    let third =
        rig.one(Change::Patch(id, Wanted { given: wanted("", Rtype::MX, "x").given, ..Wanted::default() })).unwrap();
    assert_eq!((Shown::of(&third.found.record()).content.as_str(), third.found.rdata[1]), ("x", 20));
    let put = Wanted {
        given: Given { priority: Some(1), ..wanted("", Rtype::MX, "y").given },
        ..wanted("mail", Rtype::MX, "y")
    };
    let last = rig.one(Change::Put(id, put)).unwrap().note.unwrap();
    assert_eq!((last.comment.clone(), last.tags.len(), last.settings.clone(), last.automatic), (None, 0, None, true));
    let other_type = Wanted { rtype: Some(Rtype::A), ..Wanted::default() };
    assert_eq!(rig.refused(Change::Patch(id, other_type)), (code::RECORD_CONTENT, Some("/content".into())));
}

#[test]
fn data_is_taken_for_types_that_have_fields() {
    let mut rig = Rig::new();
    let data: Map<String, Value> =
        json!({"priority": 1, "weight": 2, "port": 3, "target": "t.e"}).as_object().cloned().unwrap();
    let given = Given { data: Some(data), ..Given::default() };
    let wanted = Wanted { name: Some("_x._tcp".into()), rtype: Some(Rtype::SRV), given, ..Wanted::default() };
    let made = rig.one(Change::Post(wanted)).unwrap();
    assert_eq!(line(&made.found), "_x._tcp.e.test. 300 SRV 2 3 t.e");
}

#[test]
fn all_changes_are_made_or_none() {
    let mut rig = Rig::new();
    let id = rig.id("ns.e.test. 120 A 192.0.2.1");
    let changes = [Change::Delete(id), Change::Post(wanted("a", Rtype::A, "192.0.2.3")), Change::Delete(id)];
    let (number, fault) = rig.change(&changes, 5).unwrap_err();
    assert_eq!((number, fault.code), (2, code::RECORD_NOT_FOUND), "it is gone by then");
    assert_eq!((rig.all().len(), rig.book.is_empty()), (5, true));
    // The one that takes the place of another that was deleted isn't that one.
    let same = [Change::Delete(id), Change::Post(wanted("ns", Rtype::A, "192.0.2.1")), Change::Delete(id)];
    assert_eq!(rig.change(&same, 5).unwrap_err().0, 2);
    assert_eq!(rig.change(&same[..2], 5).unwrap().len(), 2);
}
