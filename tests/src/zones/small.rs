//! The handmade zones.

use std::fmt::Write;
use std::path::Path;

use super::{Content, Zone};
use crate::Failure;

/// The serial of the zones made here.
const SERIAL: u32 = 2026;

/// Writes a zone of three records under this name: SOA, NS, A.
///
/// # Errors
/// When the file can't be written.
pub fn three(dir: &Path, name: &str) -> Result<Zone, Failure> {
    let text = format!("{}{name} 3600 IN NS ns1.{name}\nns1.{name} 300 IN A 192.0.2.1\n", soa(name));
    Zone::write(dir, Content::Three, name, SERIAL, &text)
}

/// Writes `mixed.example.`: mixed case in owners and RDATA, wildcards, escapes.
///
/// No owner is written in two ways: servers that keep one spelling for each owner
/// name could not give both back.
///
/// # Errors
/// When the file can't be written.
pub fn mixed(dir: &Path) -> Result<Zone, Failure> {
    Zone::write(dir, Content::Mixed, "mixed.example.", SERIAL, MIXED)
}

const MIXED: &str = r#"mixed.example. 3600 IN SOA Ns1.MIXED.Example. Host\.Master.MIXED.Example. 2026 3600 1 604800 300
mixed.example. 3600 IN NS Ns1.MIXED.Example.
mixed.example. 3600 IN NS nS2.mixed.EXAMPLE.
Ns1.mixed.example. 3600 IN A 192.0.2.1
NS2.mixed.example. 3600 IN A 192.0.2.2
UPPER.mixed.example. 3600 IN A 192.0.2.3
CamelCase.SubDomain.mixed.example. 300 IN CNAME TarGet.OTHER.Example.
*.mixed.example. 60 IN TXT "wildcard at the top"
*.SubDomain.mixed.example. 60 IN MX 10 MAIL.SubDomain.mixed.example.
not.*.mixed.example. 60 IN A 192.0.2.4
Under_Score._TCP.mixed.example. 0 IN SRV 1 2 443 Server.MIXED.Example.
dot\.in\.Label.mixed.example. 300 IN A 192.0.2.5
at\@sign.mixed.example. 300 IN A 192.0.2.6
space\032space.mixed.example. 300 IN A 192.0.2.7
nul\000nul.mixed.example. 300 IN A 192.0.2.8
high\255\128.mixed.example. 300 IN A 192.0.2.9
quote\"quote.mixed.example. 300 IN A 192.0.2.10
semi\;colon.mixed.example. 300 IN A 192.0.2.11
back\\slash.mixed.example. 300 IN A 192.0.2.12
paren\(s\).mixed.example. 300 IN A 192.0.2.13
dollar\$sign.mixed.example. 300 IN A 192.0.2.14
slash/slash.mixed.example. 300 IN A 192.0.2.15
0/25.2.0.192.mixed.example. 300 IN PTR \000\.\@\032.Odd.mixed.example.
tab\009.mixed.example. 300 IN TXT "tab\009tab" "quote\"quote" "back\\slash" "nul\000" "high\255" "" "semi;colon" "two  spaces"
abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.mixed.example. 300 IN A 192.0.2.16
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.ddddddddddddddddddddddddddddddddddddddddddddddd.mixed.example. 300 IN A 192.0.2.17
long-ttl.mixed.example. 2147483647 IN A 192.0.2.18
"#;

/// Writes `big-record.example.` with a TXT record of exactly 60,000 octets of RDATA.
///
/// # Errors
/// When the file can't be written.
pub fn big_record(dir: &Path) -> Result<Zone, Failure> {
    let name = "big-record.example.";
    let mut text = three_lines(name);
    let _ = write!(text, "big.{name} 3600 IN TXT");
    // 234 strings of 255 octets and one of 95, each with its length octet.
    for at in 0..234 {
        let letter = char::from(b'a' + at % 26);
        let _ = write!(text, " \"{}\"", letter.to_string().repeat(255));
    }
    let _ = writeln!(text, " \"{}\"", "z".repeat(95));
    Zone::write(dir, Content::BigRecord, name, SERIAL, &text)
}

/// Writes `big-rrset.example.` with 20,000 A records of one owner.
///
/// # Errors
/// When the file can't be written.
pub fn big_rrset(dir: &Path) -> Result<Zone, Failure> {
    rrset(dir, Content::BigRrset, "big-rrset.example.", 20_000)
}

/// Writes `large-rrset.example.` with 4,000 A records of one owner: about the most
/// that every peer carries.
///
/// # Errors
/// When the file can't be written.
pub fn large_rrset(dir: &Path) -> Result<Zone, Failure> {
    rrset(dir, Content::LargeRrset, "large-rrset.example.", 4_000)
}

fn rrset(dir: &Path, content: Content, name: &str, records: u32) -> Result<Zone, Failure> {
    let mut text = three_lines(name);
    for address in addresses(records) {
        let _ = writeln!(text, "many.{name} 3600 IN A {address}");
    }
    Zone::write(dir, content, name, SERIAL, &text)
}

/// The addresses in the large RRsets.
pub fn addresses(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|at| format!("10.0.{}.{}", at / 200, at % 200 + 1))
}

fn three_lines(name: &str) -> String {
    format!("{}{name} 3600 IN NS ns1.{name}\nns1.{name} 3600 IN A 192.0.2.1\n", soa(name))
}

/// The line of a SOA record. A retry of one second lets a secondary whose first try
/// failed try again at once.
fn soa(name: &str) -> String {
    format!("{name} 3600 IN SOA ns1.{name} hostmaster.{name} {SERIAL} 3600 1 604800 300\n")
}
