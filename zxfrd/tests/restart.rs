//! What is kept: zones are served from the store at once, with their history, and the store's failures are told.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use support::{ACL, Daemon, Done, large_zone, zxfr};

const STORE: &str = "[store]\nurl = \"sqlite:zxfrd.db\"\n";
/// Timers that a test can wait for.
const QUICK: &str = "[limits]\nauto_refresh_min_seconds = 1\nretry_min_seconds = 1\n";

fn primary_config() -> String {
    format!("{ACL}[[zone]]\nname = \"example\"\nfile = \"example.zone\"\noutgoing = {{}}\n")
}

fn secondary_config(primary: &Daemon, rest: &str) -> String {
    let addr = primary.addr();
    let peer =
        format!("[[peer]]\nname = \"primary\"\nip = \"{}\"\nport = {}\nixfr_enable = true\n", addr.ip(), addr.port());
    let zone =
        "[[zone]]\nname = \"example\"\nincoming = { peers = [\"primary\"], auto_refresh_seconds = 1 }\noutgoing = {}\n";
    format!("{STORE}{QUICK}{ACL}{peer}{zone}{rest}")
}

/// A zone that asks for another try after a second.
fn example(serial: u32) -> String {
    large_zone(serial, &format!("new{serial} A 192.0.2.1\n")).replace(" 3600 600 ", " 3600 1 ")
}

/// A primary of its own port, so that it can be started there again.
fn primary(serial: u32) -> Daemon {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Daemon::start(
        &format!("[dns]\nlisten = [\"{port}\"]\n{STORE}{}", primary_config()),
        &[("example.zone", &example(serial))],
    )
}

fn all(daemon: &Daemon) -> String {
    let done = zxfr(&["axfr", &daemon.server(), "example"]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.out
}

fn since(daemon: &Daemon, serial: u32) -> Done {
    zxfr(&["ixfr", &daemon.server(), "example", &serial.to_string()])
}

/// What the daemon says of its health, as it comes.
fn health(daemon: &mut Daemon) -> String {
    let line = daemon.find("url=http://");
    let (_, rest) = line.split_once("url=http://").unwrap();
    let mut stream = TcpStream::connect(rest.split('/').next().unwrap()).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Something else that has the database open.
fn with_database<T>(folder: &Path, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(folder.join("zxfrd.db")).connect().await.unwrap();
        let result = work(&mut connection).await;
        connection.close().await.unwrap();
        result
    })
}

#[test]
fn a_secondary_serves_its_zone_and_its_history_without_its_primary() {
    let mut primary = primary(5);
    let mut secondary = Daemon::start(&secondary_config(&primary, ""), &[]);
    for serial in 6..=8 {
        primary.write("example.zone", &example(serial));
        primary.reload("zone file loaded");
        secondary.wait_for(&format!("kind=ixfr from={} to={serial} ", serial - 1));
    }
    let (zone, differences) = (all(&secondary), since(&secondary, 5).out);
    assert!(differences.contains("new8"), "{differences}");
    primary.signal(Signal::STOP);
    for signal in [Signal::KILL, Signal::TERM] {
        secondary = secondary.again(signal, |_| {});
        assert!(secondary.find("zones served from the store").contains("zones=1 damaged=0 forgotten=0"));
        assert_eq!(all(&secondary), zone);
        for serial in 5..8 {
            let done = since(&secondary, serial);
            assert!(done.code == 0 && done.out.starts_with('-'), "from {serial}: {}{}", done.out, done.err);
        }
        assert_eq!(since(&secondary, 5).out, differences);
    }
    primary.signal(Signal::CONT);
    primary.write("example.zone", &example(9));
    primary.reload("zone file loaded");
    secondary.wait_for("kind=ixfr from=8 to=9 ");
    let log = secondary.log();
    assert!(!log.lines().any(|line| line.contains("transfer=in") && line.contains("kind=axfr")), "{log}");
}

#[test]
fn a_primary_offers_the_differences_to_what_its_file_says_when_it_is_started_again() {
    let primary = primary(5);
    let primary =
        primary.again(Signal::KILL, |folder| std::fs::write(folder.join("example.zone"), example(6)).unwrap());
    let done = since(&primary, 5);
    assert!(done.out.starts_with('-') && done.out.contains("new6"), "{}{}", done.out, done.err);
    // As when it is read again: what has no newer serial isn't taken.
    let mut primary =
        primary.again(Signal::TERM, |folder| std::fs::write(folder.join("example.zone"), example(5)).unwrap());
    assert!(primary.find("zone file not taken").contains("serial 5 is not newer than 6"));
    assert!(all(&primary).contains("new6"));
    assert!(since(&primary, 5).out.starts_with('-'));
}

#[test]
fn a_damaged_zone_comes_anew_and_others_stay() {
    let primary = primary(5);
    let other = "[[zone]]\nname = \"other\"\nfile = \"other.zone\"\noutgoing = {}\n";
    let config = secondary_config(&primary, other);
    let other = example(1).replace("$ORIGIN example.", "$ORIGIN other.");
    let secondary = Daemon::start(&config, &[("other.zone", &other)]);
    let zone = all(&secondary);
    let mut secondary = secondary.again(Signal::TERM, |folder| {
        let pages = with_database(folder, async |connection| {
            let damage = "UPDATE page SET octets = zeroblob(length(octets)) \
                          WHERE zone IN (SELECT zone FROM checkpoint WHERE serial = 5)";
            sqlx::query(damage).execute(connection).await.unwrap().rows_affected()
        });
        assert!(pages > 0);
    });
    let line = secondary.find("damaged in the store: it is transferred anew");
    assert!(line.contains("zone=example. reason=page 0 doesn't have its checksum"), "{line}");
    assert!(secondary.find("zones served from the store").contains("zones=1 damaged=1"));
    secondary.find("kind=axfr from=- to=5 ");
    assert_eq!(all(&secondary), zone);
    let mut secondary = secondary.again(Signal::TERM, |_| {});
    assert!(secondary.find("zones served from the store").contains("zones=2 damaged=0"));
    assert_eq!(all(&secondary), zone);
}

#[test]
fn a_store_that_is_locked_is_told_and_the_old_version_stays_until_it_isn_t() {
    let mut primary = primary(5);
    let mut secondary = Daemon::start(&secondary_config(&primary, ""), &[]);
    let zone = all(&secondary);
    let folder = secondary.folder().to_owned();
    with_database(&folder, async |connection| {
        let transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        primary.write("example.zone", &example(6));
        primary.reload("zone file loaded");
        let line = secondary.wait_for("result=store");
        assert!(line.contains("kind=ixfr from=5 ") && line.contains("the store is locked by something else"), "{line}");
        assert!(secondary.find("the store fails").contains("locked"));
        assert_eq!(all(&secondary), zone);
        assert!(health(&mut secondary).starts_with("HTTP/1.1 503 "));
        transaction.rollback().await.unwrap();
    });
    secondary.wait_for("kind=ixfr from=5 to=6 ");
    secondary.find("the store works again");
    assert!(health(&mut secondary).starts_with("HTTP/1.1 200 "));
    assert!(all(&secondary).contains("new6"));
}

#[test]
fn a_store_that_works_again_is_found_out_though_nothing_is_to_be_written() {
    let mut primary = primary(5);
    let folder = primary.folder().to_owned();
    with_database(&folder, async |connection| {
        let transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        primary.write("example.zone", &example(6));
        primary.reload("the store fails");
        assert!(health(&mut primary).starts_with("HTTP/1.1 503 "));
        transaction.rollback().await.unwrap();
    });
    // The file is tried again after a minute only.
    primary.wait_for("the store works again");
    assert!(health(&mut primary).starts_with("HTTP/1.1 200 "));
    assert!(!all(&primary).contains("new6"));
}

#[test]
fn what_is_written_late_is_written_at_the_end() {
    let primary = primary(5);
    let secondary = Daemon::start(&secondary_config(&primary, ""), &[]);
    // The end comes within a second of the transfer.
    let secondary = secondary.again(Signal::TERM, |folder| {
        let expires = with_database(folder, async |connection| {
            let expires = "SELECT expires FROM refresh";
            sqlx::query_scalar::<_, Option<i64>>(expires).fetch_one(connection).await.unwrap()
        });
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let left = Duration::from_secs(expires.unwrap() as u64).saturating_sub(now).as_secs();
        assert!((86_300..=86_400).contains(&left), "{left}");
    });
    drop(secondary);
}

#[test]
fn a_store_that_is_locked_holds_up_the_end_for_seconds_at_most() {
    let primary = primary(5);
    let mut secondary = Daemon::start(&secondary_config(&primary, ""), &[]);
    let folder = secondary.folder().to_owned();
    with_database(&folder, async |connection| {
        let transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        // Another check, and so something to be written.
        secondary.wait_for("kind=uptodate");
        secondary.signal(Signal::TERM);
        let (status, took) = secondary.ended();
        assert!(status.success() && took < Duration::from_secs(5), "{status} {took:?}");
        transaction.rollback().await.unwrap();
    });
}
