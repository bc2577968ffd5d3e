//! `zxfr diff`, from the outside.

mod support;

use std::fs;

use support::{files, zone, zxfr};

#[test]
fn what_differs_is_printed_with_the_soas_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("old"), zone(5, "gone A 192.0.2.1\nttl 60 A 192.0.2.2\nstays A 192.0.2.3\n")).unwrap();
    fs::write(path("new"), zone(6, "ttl 61 A 192.0.2.2\nstays A 192.0.2.3\nCame A 192.0.2.4\n")).unwrap();
    let done = zxfr(&["diff", &path("old"), &path("new"), "--stats"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let soa = |serial| format!("example.\t300\tIN\tSOA\tns.example. host.example. {serial} 3600 600 86400 60");
    let expected = [
        format!("-{}", soa(5)),
        "-gone.example.\t300\tIN\tA\t192.0.2.1".to_owned(),
        "-ttl.example.\t60\tIN\tA\t192.0.2.2".to_owned(),
        format!("+{}", soa(6)),
        "+Came.example.\t300\tIN\tA\t192.0.2.4".to_owned(),
        "+ttl.example.\t61\tIN\tA\t192.0.2.2".to_owned(),
    ];
    assert_eq!(done.out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(
        done.err.trim_end(),
        "; example. serial 5 to 6: 2 records deleted, 2 added, the SOA not counted; 7 records before, 7 after"
    );

    let done = zxfr(&["diff", &path("old"), &path("new"), "--format", "json", "-o", &path("delta")]);
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{}", done.err);
    let text = fs::read_to_string(path("delta")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    assert_eq!((lines[1]["op"].as_str(), lines[1]["name"].as_str()), (Some("-"), Some("gone.example.")));
    assert_eq!((lines[3]["op"].as_str(), lines[3]["type"].as_str()), (Some("+"), Some("SOA")));
}

#[test]
fn equal_zones_print_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("a"), zone(5, "b A 192.0.2.1\na A 192.0.2.1\n")).unwrap();
    fs::write(path("b"), zone(5, "a A 192.0.2.1\nb A 192.0.2.1\n")).unwrap();
    let done = zxfr(&["diff", &path("a"), &path("b")]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", ""));
}

#[test]
fn what_cannot_be_compared_is_said_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("zone"), zone(5, "")).unwrap();
    fs::write(path("other"), zone(5, "").replace("example.", "example.org.")).unwrap();
    fs::write(path("broken"), zone(5, "bad A 1.2.3\n")).unwrap();
    for (other, reason) in [("other", "different zones"), ("broken", "broken:7:7: A"), ("none", "none")] {
        let done = zxfr(&["diff", &path("zone"), &path(other), "-o", &path("delta")]);
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{other}");
        assert!(done.err.contains(reason) && done.err.lines().count() == 1, "{other}: {}", done.err);
    }
    assert_eq!(files(folder.path()).len(), 3, "nothing is left behind");
}
