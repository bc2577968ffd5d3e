//! A store whose files end at any octet: objects and zones are what one commit left, and nothing is half there.

use super::super::file::PAGE_OCTETS;
use super::*;
use crate::catalog::{
    Audit, Incoming, Object, ObjectKey, Origin, Outgoing, Peer, Tsig, TsigSecret, Written, Zone, ZoneKind,
};

/// At so many places each file is cut.
const CUTS: usize = 1_000;
/// So many commits are made, of which the first few are in the database and the others in the log.
const COMMITS: u32 = 14;
const IN_DATABASE: u32 = 6;
/// What a commit makes is removed again so many commits later.
const LIFETIME: u32 = 3;

/// What there is after each commit.
struct Lives {
    versions: Vec<Arc<Version>>,
    records: Vec<Vec<String>>,
    objects: Vec<Vec<Object>>,
}

impl Lives {
    fn new(names: u32) -> (Self, Vec<Arc<Delta>>) {
        let (versions, deltas) = history(names, COMMITS);
        let records = versions.iter().map(|version| records(version)).collect();
        let mut objects: Vec<Vec<Object>> = vec![Vec::new()];
        for commit in 1..=COMMITS {
            let alive = commit.saturating_sub(LIFETIME - 1).max(1)..=commit;
            objects.push(alive.flat_map(made).collect());
        }
        (Self { versions, records, objects }, deltas)
    }

    /// Looks at all that is there, and says after which commit that is; `Err` says why it can't be looked at.
    async fn look(&self, store: &dyn Store, path: &Path) -> Result<(u32, usize), String> {
        let mut held = BTreeMap::new();
        let mut sink = |zone: Result<StoredZone, Damaged>| {
            held.insert(zone.as_ref().map_or_else(|damaged| damaged.zone, |zone| zone.zone), zone);
        };
        store.zones(&mut sink).await.map_err(|error| error.to_string())?;
        let objects = store.objects().await.map_err(|error| error.to_string())?;
        // Zones that are damaged say so, and the others are whole and of the same commit as the objects.
        let damaged = held.values().filter(|zone| zone.is_err()).count();
        let mut commits: Vec<u32> = Vec::new();
        for zone in held.values().flatten() {
            commits.push(zone.version.serial().0);
            self.assert_whole(zone);
        }
        commits.extend(
            objects
                .iter()
                .filter_map(|object| match object {
                    Object::Zone(zone) => Some(u32::from(zone.id.0[0])),
                    _ => None,
                })
                .max(),
        );
        let commit = commits.first().copied().unwrap_or_default();
        assert!(commits.iter().all(|other| *other == commit), "one commit is one step for all: {commits:?}");
        assert_eq!(sorted(&objects), sorted(&self.objects[commit as usize]), "after commit {commit}");
        assert!(held.is_empty() == (commit == 0) && (held.len() == 2 || commit == 0), "{held:?} after commit {commit}");
        if damaged == 0 {
            let lines = behind(path, "SELECT COUNT(*) FROM audit").await;
            assert_eq!(lines, [i64::from(commit)]);
        }
        Ok((commit, damaged))
    }

    /// The version is one that was written; from each serial whose history is kept deltas lead to it over the versions between.
    fn assert_whole(&self, zone: &StoredZone) {
        let at = |serial: u32| &self.records[serial as usize - 1];
        assert_eq!(&records(&zone.version), at(zone.version.serial().0));
        let Some(first) = zone.deltas.first() else { return };
        let mut version = Arc::clone(&self.versions[first.from().0 as usize - 1]);
        for delta in &zone.deltas {
            version = Arc::new(version.apply(delta, BuildLimits::NONE).unwrap().version);
            assert_eq!(&records(&version), at(version.serial().0));
        }
        assert_eq!(version.serial(), zone.version.serial());
    }
}

/// What a client makes in commit `number`: a key, a peer that signs with it, a zone linked to it both ways.
fn made(number: u32) -> [Object; 5] {
    let number = u8::try_from(number).unwrap();
    let (origin, created, modified) = (Origin::Managed, Time(0), Time(i64::from(number)));
    let (own, account) = (id(number), id(200));
    let name = format!("object{number}.example");
    let tsig = Tsig {
        id: own,
        account,
        name: Written::read(&name).unwrap(),
        algo: Written::read("hmac-sha256.").unwrap(),
        secret: TsigSecret::read("AAECAwQFBgcICQoLDA0ODw==").unwrap(),
        origin,
        created,
        modified,
    };
    let ip = Some(Written::read("192.0.2.1").unwrap());
    let (port, ixfr_enable, tsig_id) = (Some(53), Some(true), Some(own));
    let peer = Peer { id: own, account, name: name.clone(), ip, port, ixfr_enable, tsig_id, origin, created, modified };
    let zone = Zone {
        id: own,
        account,
        name: Written::read(&name).unwrap(),
        kind: ZoneKind::Secondary,
        paused: false,
        vanity_name_servers: vec![format!("ns.{name}")],
        origin,
        created,
        modified,
        activated: None,
        declared: Default::default(),
    };
    let (peers, auto_refresh_seconds) = (vec![own], 600);
    let incoming = Incoming {
        zone: own,
        name: name.clone(),
        peers: peers.clone(),
        auto_refresh_seconds,
        origin,
        created,
        modified,
    };
    let outgoing = Outgoing { zone: own, name, peers, enabled: true, origin, created };
    [
        Object::Tsig(Arc::new(tsig)),
        Object::Peer(Arc::new(peer)),
        Object::Zone(Arc::new(zone)),
        Object::Incoming(Arc::new(incoming)),
        Object::Outgoing(Arc::new(outgoing)),
    ]
}

fn sorted(objects: &[Object]) -> BTreeMap<String, Object> {
    objects.iter().map(|object| (format!("{:?}", object.key()), object.clone())).collect()
}

/// Commit `number`: objects come and go, and two zones (whose ids no object has) go on, all in one.
fn writes(number: u32, lives: &Lives, deltas: &[Arc<Delta>]) -> Vec<Write> {
    let mut writes: Vec<Write> = made(number).into_iter().map(Write::Put).collect();
    if let Some(gone) = number.checked_sub(LIFETIME).filter(|gone| *gone > 0) {
        let keys: Vec<ObjectKey> = made(gone).iter().rev().map(Object::key).collect();
        writes.extend(keys.into_iter().map(Write::Delete));
    }
    let index = number as usize - 1;
    for zone in [101, 102] {
        match index {
            0 => writes.push(checkpoint(zone, &lives.versions[0])),
            _ => writes.push(delta(zone, &deltas[index - 1])),
        }
        // As a daemon does it: now and then a checkpoint beside the delta, and history that grows too long is cut.
        if number.is_multiple_of(4) {
            writes.push(checkpoint(zone, &lives.versions[index]));
        }
        if number > 9 {
            writes.push(Write::TrimDeltas { zone: id(zone), keep: 5 });
        }
    }
    let what = format!("commit {number}");
    writes.push(Write::Audit(Audit { at: Time(0), account: None, token: "admin".into(), what }));
    writes
}

/// The octets of a log that count: frames after a restart of the log have other salts than those that are left of before.
fn used(wal: &[u8]) -> usize {
    let frame = 24 + PAGE_OCTETS as usize;
    let salts = &wal[16..24];
    32 + frame * wal[32..].chunks(frame).take_while(|frame| frame.len() > 16 && frame[8..16] == *salts).count()
}

/// A store's files while it is open, and after which octet of the log which commit is durable.
async fn run(names: u32) -> (Arc<Lives>, Arc<[Vec<u8>; 2]>, Vec<(usize, u32)>) {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (lives, deltas) = Lives::new(names);
    let wal = path.with_extension("db-wal");
    let mut durable = Vec::new();
    for number in 1..=COMMITS {
        store.commit(writes(number, &lives, &deltas)).await.unwrap();
        if number == IN_DATABASE {
            // The log goes into the database, and starts anew with the next commit.
            let moved = behind(&path, "PRAGMA wal_checkpoint(PASSIVE)").await;
            assert_eq!(moved, [0], "not busy");
            durable.push((0, number));
        } else if number > IN_DATABASE {
            durable.push((used(&std::fs::read(&wal).unwrap()), number));
        }
    }
    let files = [std::fs::read(&path).unwrap(), std::fs::read(&wal).unwrap()];
    assert_eq!(lives.look(&store, &path).await, Ok((COMMITS, 0)));
    (Arc::new(lives), Arc::new(files), durable)
}

/// A folder in which nothing has to be written to a disk, where there is such a place.
fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Opens a store from these files and looks at it; then it can be worked with, if all is sound.
async fn reopened(lives: &Lives, database: &[u8], wal: &[u8]) -> Result<(u32, usize), String> {
    let folder = in_memory();
    let path = folder.path().join("store.db");
    put(&path, database);
    put(&path.with_extension("db-wal"), wal);
    let store = Sqlite::open(&path).await.map_err(|error| error.to_string())?;
    let found = lives.look(&store, &path).await;
    if let Ok((commit, 0)) = found {
        let problems = store.check().await.unwrap();
        if !problems.is_empty() {
            // Where nothing was that a zone needs.
            store.close().await;
            return Ok((commit, problems.len()));
        }
        let other = version(100, 3, &[]);
        store.commit(vec![checkpoint(101, &other), Write::Put(made(99)[0].clone())]).await.unwrap();
        assert_eq!(zone(&store, 101).await.version.serial().0, 100);
        assert_eq!(store.objects().await.unwrap().len(), lives.objects[commit as usize].len() + 1);
    }
    store.close().await;
    found
}

/// Does something for each cut, some at a time; gives what came of it.
async fn each<F>(cuts: Vec<usize>, at: impl Fn(usize) -> F) -> Vec<(usize, Result<(u32, usize), String>)>
where
    F: Future<Output = Result<(u32, usize), String>> + Send + 'static,
{
    let mut found = Vec::new();
    for some in cuts.chunks(4) {
        let tasks: Vec<_> = some.iter().map(|cut| (*cut, tokio::spawn(at(*cut)))).collect();
        for (cut, task) in tasks {
            found.push((cut, task.await.unwrap_or_else(|error| panic!("cut at {cut}: {error}"))));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_cut_at_a_thousand_offsets_leaves_the_objects_and_zones_of_one_commit() {
    let (lives, files, durable) = run(150).await;
    let length = files[1].len();
    // Across the file, and right before, at and after the end of each commit.
    let mut cuts: Vec<usize> = (0..CUTS).map(|part| length * part / (CUTS - 1)).collect();
    cuts.extend(durable.iter().flat_map(|(at, _)| [at.saturating_sub(1), *at, at + 1, at + 20]));
    cuts.retain(|cut| *cut <= length);
    assert!(length > 300_000 && durable.windows(2).all(|pair| pair[0].0 < pair[1].0), "{length}, {durable:?}");
    let found = each(cuts, |cut| {
        let (lives, files) = (Arc::clone(&lives), Arc::clone(&files));
        async move { reopened(&lives, &files[0], &files[1][..cut]).await }
    });
    for (cut, found) in found.await {
        let (commit, _) = durable.iter().rev().find(|(at, _)| *at <= cut).map(|(at, commit)| (*commit, at)).unwrap();
        // What was durable is there, and nothing of what wasn't.
        assert_eq!(found, Ok((commit, 0)), "cut at {cut} of {length}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_cut_at_a_thousand_offsets_gives_nothing_wrong() {
    let (lives, files, _) = run(600).await;
    let length = files[0].len();
    let cuts: Vec<usize> = (0..CUTS).map(|part| length * part / (CUTS - 1)).collect();
    let found = each(cuts, |cut| {
        let (lives, files) = (Arc::clone(&lives), Arc::clone(&files));
        async move { reopened(&lives, &files[0][..cut], &files[1]).await }
    });
    let (mut refused, mut damaged, mut whole) = (0, 0, 0);
    for (cut, found) in found.await {
        // This is no crash, but a file system that lost a part: it is told, or what the log has makes up for it.
        match found {
            Err(what) => {
                assert!(what.contains("store") && !what.contains("AAECAwQF"), "cut at {cut} of {length}: {what}");
                refused += 1;
            }
            Ok((commit, lost)) => {
                assert!(commit == COMMITS, "cut at {cut} of {length}: commit {commit}");
                *if lost > 0 { &mut damaged } else { &mut whole } += 1;
            }
        }
    }
    println!("{CUTS} cuts of {length} octets: {refused} refused, {damaged} with damage, {whole} whole");
    assert!(refused > 0 && damaged > 0 && whole > 0, "{refused} refused, {damaged} damaged, {whole} whole");
}
