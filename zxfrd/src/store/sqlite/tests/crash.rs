//! What the loss of power may leave: each zone is an old or a new version, and deltas that are kept lead to it.

use super::*;

/// What may be there after a crash, version by version.
struct Lives {
    /// The records of each version by serial.
    versions: BTreeMap<u32, Vec<String>>,
    deltas: BTreeMap<u32, Vec<u8>>,
}

impl Lives {
    fn of(versions: &[Arc<Version>], deltas: &[Arc<Delta>]) -> Self {
        Self {
            versions: versions.iter().map(|version| (version.serial().0, records(version))).collect(),
            deltas: deltas.iter().map(|delta| (delta.to().0, delta.to_octets())).collect(),
        }
    }

    /// The zone is one of the versions, not older than a serial, and its deltas lead there.
    fn assert_one(&self, zone: &StoredZone, oldest: u32) {
        let serial = zone.version.serial().0;
        assert!(serial >= oldest, "{serial} and not {oldest}");
        assert_eq!(self.versions[&serial], records(&zone.version));
        for (delta, to) in zone.deltas.iter().rev().zip((1..=serial).rev()) {
            assert_eq!((delta.to().0, &delta.to_octets()), (to, &self.deltas[&to]));
        }
    }
}

/// The files of a store, copied at one moment while nothing is written.
struct Image {
    database: Vec<u8>,
    wal: Vec<u8>,
}

impl Image {
    fn of(path: &Path) -> Self {
        let wal = std::fs::read(path.with_extension("db-wal")).unwrap_or_default();
        Self { database: std::fs::read(path).unwrap(), wal }
    }

    /// Writes it to another folder.
    fn restore(&self) -> (TempDir, PathBuf) {
        let (folder, path) = place();
        put(&path, &self.database);
        put(&path.with_extension("db-wal"), &self.wal);
        (folder, path)
    }
}

/// Some commits to two zones; gives the files, and after which octet of the WAL which serial of the first zone was durable.
async fn run(names: u32) -> (Lives, Image, Vec<(usize, u32)>) {
    let (_folder, path) = place();
    let store = Sqlite::open(&path).await.unwrap();
    let (versions, deltas) = history(names, 8);
    let wal = path.with_extension("db-wal");
    let mut durable = Vec::new();
    store.commit(vec![checkpoint(1, &versions[0]), checkpoint(2, &versions[0])]).await.unwrap();
    durable.push((std::fs::metadata(&wal).unwrap().len() as usize, 1));
    for serial in 2..=8 {
        let index = serial as usize - 1;
        let mut writes = vec![delta(1, &deltas[index - 1]), delta(2, &deltas[index - 1])];
        if serial == 4 || serial == 7 {
            writes.extend([checkpoint(1, &versions[index]), checkpoint(2, &versions[index])]);
        }
        if serial == 6 {
            writes.push(Write::TrimDeltas { zone: id(1), keep: 2 });
        }
        store.commit(writes).await.unwrap();
        durable.push((std::fs::metadata(&wal).unwrap().len() as usize, serial));
    }
    let image = Image::of(&path);
    (Lives::of(&versions, &deltas), image, durable)
}

/// Opens a store from such files, and looks at what is there. `Err` says why it can't be opened.
async fn open(image: &Image) -> Result<BTreeMap<Id, Result<StoredZone, Damaged>>, StoreError> {
    let (_folder, path) = image.restore();
    let store = Sqlite::open(&path).await?;
    let mut held = BTreeMap::new();
    let mut sink = |zone: Result<StoredZone, Damaged>| {
        held.insert(zone.as_ref().map_or_else(|damaged| damaged.zone, |zone| zone.zone), zone);
    };
    store.zones(&mut sink).await?;
    // It can be worked with further.
    let checked = store.check().await?;
    if held.values().all(Result::is_ok) && checked.is_empty() {
        let again = version(100, 3, &[]);
        store.commit(vec![checkpoint(1, &again)]).await?;
        assert_eq!(zone(&store, 1).await.version.serial().0, 100);
    }
    store.close().await;
    Ok(held)
}

#[tokio::test]
async fn a_log_cut_anywhere_leaves_an_old_or_a_new_version() {
    let (lives, mut image, durable) = run(200).await;
    let whole = image.wal.clone();
    assert!(image.wal.len() > 100_000 && durable.windows(2).all(|pair| pair[0].0 < pair[1].0), "{durable:?}");
    let mut cuts: Vec<usize> = (0..=40).map(|part| whole.len() * part / 40).collect();
    // Just before, at and after the end of each commit, and within a frame's header.
    cuts.extend(durable.iter().flat_map(|(at, _)| [at - 1, *at, at + 1, at + 20]));
    for cut in cuts.into_iter().filter(|cut| *cut <= whole.len()) {
        image.wal = whole[..cut].to_vec();
        let oldest = durable.iter().rev().find(|(at, _)| *at <= cut).map_or(0, |(_, serial)| *serial);
        let held = open(&image).await.unwrap();
        assert!(held.len() == 2 || oldest == 0 && held.is_empty(), "cut at {cut}");
        let mut serials: Vec<u32> = Vec::new();
        for zone in held.values() {
            let zone = zone.as_ref().unwrap_or_else(|damaged| panic!("cut at {cut}: {damaged}"));
            lives.assert_one(zone, oldest);
            serials.push(zone.version.serial().0);
        }
        serials.dedup();
        assert!(serials.len() <= 1, "one commit is one step for both: {serials:?}");
    }
}

#[tokio::test]
async fn a_log_with_a_wrong_octet_ends_before_it() {
    let (lives, mut image, durable) = run(100).await;
    let whole = image.wal.clone();
    for part in 1..30 {
        let at = whole.len() * part / 30;
        image.wal = whole.clone();
        image.wal[at] ^= 0x40;
        // SQLite has checksums in its log.
        let oldest = durable.iter().rev().find(|(end, _)| *end <= at).map_or(0, |(_, serial)| *serial);
        let held = open(&image).await.unwrap();
        held.values().for_each(|zone| lives.assert_one(zone.as_ref().unwrap(), oldest));
        assert_eq!(held.len(), if oldest > 0 { 2 } else { 0 }, "octet {at}");
    }
}

#[tokio::test]
async fn a_damaged_database_gives_no_wrong_version() {
    let (lives, image, _) = run(300).await;
    // All into the database, so that there is no log to make up for it.
    let (_folder, path) = image.restore();
    let store = Sqlite::open(&path).await.unwrap();
    store.close().await;
    let sound = Image { database: std::fs::read(&path).unwrap(), wal: Vec::new() };
    assert_eq!(open(&sound).await.unwrap().len(), 2);
    let (mut damaged, mut kept) = (0, 0);
    for part in 0..80 {
        let mut image = Image { database: sound.database.clone(), wal: Vec::new() };
        let at = image.database.len() * part / 80 + part;
        if part % 4 == 0 {
            image.database.truncate(at);
        } else {
            let end = (at + 1 + part).min(image.database.len());
            image.database[at..end].iter_mut().for_each(|octet| *octet ^= 0x55);
        }
        match open(&image).await {
            Err(_) => damaged += 1,
            Ok(held) => {
                for zone in held.values() {
                    match zone {
                        Ok(zone) => lives.assert_one(zone, 8),
                        Err(_) => damaged += 1,
                    }
                    kept += usize::from(zone.is_ok());
                }
            }
        }
    }
    assert!(damaged > 20 && kept > 20, "{damaged} damaged, {kept} kept");
}
