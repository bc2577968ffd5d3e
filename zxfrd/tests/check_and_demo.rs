//! `zxfrd check` and `zxfrd demo`, from the outside.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use support::{zone, zxfrd};

#[test]
fn check_tells_each_problem_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let config = |zones: &str| write("zxfrd.toml", &format!("[dns]\nlisten = [\"127.0.0.1:0\"]\n{zones}"));

    config("[[zone]]\nname = \"example\"\nfile = \"a.zone\"\n[[zone]]\nname = \"b.example\"\nfile = \"b.zone\"\n");
    write("a.zone", &zone(1, "ns 60 A 192.0.2.54\n"));
    write("b.zone", "b.example. 5 SOA . . 1 2 3 4 5\n");
    let done = zxfrd(&["check"], folder.path());
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert!(done.out.contains("a.zone:5: ns.example. A: TTL 300 differs"), "{}", done.out);
    assert!(done.out.contains("zone example. good: serial 1, 5 records"), "{}", done.out);

    write("a.zone", &zone(1, "x A 192.0.2\ny AAAA zz\n"));
    write("b.zone", "b.example. 5 NS a\n");
    let done = zxfrd(&["check", "--config", "zxfrd.toml"], folder.path());
    assert_eq!(done.code, 1);
    for part in ["a.zone:7:5: A:", "a.zone:8:8: AAAA:", "b.zone: the zone b.example. has no SOA record"] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }

    config("[[zone]]\nname = \"example\"\nfile = \"none.zone\"\n");
    let done = zxfrd(&["check"], folder.path());
    assert_eq!(done.code, 1);
    assert!(done.out.contains("none.zone: cannot read the zone file"), "{}", done.out);

    config("[[zone]]\nname = \"example\"\n[[peer]]\nname = \"p\"\nip = \"x\"\n");
    let done = zxfrd(&["check"], folder.path());
    assert_eq!(done.code, 1);
    assert!(done.out.contains("zxfrd.toml:4:8:") && done.out.contains("zxfrd.toml:7:6:"), "{}", done.out);

    // Without a file the built-in defaults hold.
    fs::remove_file(folder.path().join("zxfrd.toml")).unwrap();
    assert_eq!(zxfrd(&["check"], folder.path()).code, 0);
}

#[test]
fn demo_ends_with_both_sides_equal() {
    let folder = tempfile::tempdir().unwrap();
    let done = zxfrd(&["demo"], folder.path());
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    for part in [
        "primary to secondary   AXFR ",
        "after NOTIFY           IXFR ",
        "pulled from primary",
        "pulled from secondary",
        "equal: both sides serve",
    ] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    fs::write(folder.path().join("z"), zone(77, "")).unwrap();
    let done = zxfrd(&["demo", "--zone", "z"], folder.path());
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("zone example. serial 77: 4 records"), "{}", done.out);

    fs::write(folder.path().join("z"), "a. 5 A 192.0.2.1\n").unwrap();
    let done = zxfrd(&["demo", "--zone", "z"], folder.path());
    assert_eq!(done.code, 1);
    assert!(done.err.contains("demo failed: z:1:"), "{}", done.err);
}

#[test]
fn demo_stays_until_interrupted() {
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_zxfrd")).args(["demo", "--stay"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut commands = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(arguments) = line.trim().strip_prefix("zxfr ") {
            let arguments: Vec<_> = arguments.split(' ').collect();
            let done = support::zxfr(&arguments);
            assert_eq!(done.code, 0, "{line}: {}", done.err);
            commands.push(done.out);
        }
        if line.starts_with("Ctrl-C") {
            kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(commands[0].starts_with("example.\t3600\tIN\tSOA\t"), "{}", commands[0]);
    assert!(commands[1].starts_with("-example.\t3600\tIN\tSOA\t"), "{}", commands[1]);
}
