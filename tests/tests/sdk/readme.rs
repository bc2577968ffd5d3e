//! The README's section "Manage it", as whoever follows it reads it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What starts a line that is to be typed.
const PROMPT: &str = "$ ";

/// What a shell is told, and what it then prints.
#[derive(Debug)]
pub(crate) struct Typed {
    /// A whole command, with all of its lines.
    pub(crate) command: String,
    /// The lines below it.
    pub(crate) output: String,
}

/// The blocks of the section.
#[derive(Debug)]
pub(crate) struct Section {
    /// For a shell, in order: getting the programs, the servers, the API by curl, what there is then.
    pub(crate) shell: Vec<Vec<Typed>>,
    /// The API by the Python SDK.
    pub(crate) python: String,
    /// All of it.
    pub(crate) text: String,
}

/// Reads it.
///
/// # Panics
/// When there isn't what a [`Section`] has.
pub(crate) fn manage_it() -> Section {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (_, section) = readme.split_once("\n## Manage it\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    // Blocks stand between fences; the first line of each names the language.
    let blocks = section.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap());
    let of = |wanted: &str| -> Vec<&str> {
        blocks.clone().filter(|(language, _)| *language == wanted).map(|(_, text)| text).collect()
    };
    let [python] = of("python")[..] else { panic!("not one block of Python") };
    let shell = of("console").into_iter().map(typed).collect();
    Section { shell, python: python.to_owned(), text: section.to_owned() }
}

/// Tells what is typed from what is printed.
fn typed(block: &str) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    for line in block.lines() {
        let (text, begins) = line.strip_prefix(PROMPT).map_or((line, false), |text| (text, true));
        match all.last_mut() {
            // A shell asks for more until it has a whole command: then a prompt is no prompt.
            Some(last) if last.output.is_empty() && !is_whole(&last.command) => last.command += &format!("{line}\n"),
            Some(last) if !begins => last.output += &format!("{line}\n"),
            _ => {
                assert!(begins, "printed before anything is typed: {line:?}");
                all.push(Typed { command: format!("{text}\n"), output: String::new() });
            }
        }
    }
    all
}

/// Whether a shell would run it as it is: no quote is open, and no here-document.
fn is_whole(command: &str) -> bool {
    let checked = Command::new("bash").args(["-n", "-c", command]).stdin(Stdio::null()).output().unwrap();
    checked.status.success() && checked.stderr.is_empty()
}

#[test]
fn what_is_typed_is_told_from_what_is_printed() {
    let block = "$ cat >a <<'END'\n$ORIGIN a.\nEND\n$ b=$(c 'd\n  e' | f)\n$ g\nh $ i\n\nj\n$ k &\n";
    let found = typed(block);
    let found: Vec<_> = found.iter().map(|typed| (typed.command.as_str(), typed.output.as_str())).collect();
    let wanted = [
        ("cat >a <<'END'\n$ORIGIN a.\nEND\n", ""),
        ("b=$(c 'd\n  e' | f)\n", ""),
        ("g\n", "h $ i\n\nj\n"),
        ("k &\n", ""),
    ];
    assert_eq!(found, wanted);
}
