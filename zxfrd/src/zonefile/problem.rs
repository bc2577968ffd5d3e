//! What is wrong with a zone file, and where.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong in a zone file, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 when it is the file as a whole.
    pub line: usize,
    /// The column in octets, from 1; 0 when it is the line as a whole.
    pub column: usize,
    /// The `$INCLUDE` lines that led to the file, the innermost first.
    pub included_from: Vec<(PathBuf, usize)>,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        for position in [self.line, self.column].into_iter().filter(|&position| position > 0) {
            write!(f, "{position}:")?;
        }
        write!(f, " {}", self.message)?;
        for (path, line) in &self.included_from {
            write!(f, " (included from {}:{line})", path.display())?;
        }
        Ok(())
    }
}

/// A zone file that cannot be loaded: one problem or more, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The problems, at least one and at most [`super::Options::max_problems`].
    pub problems: Vec<Problem>,
    /// Whether reading ended early because there were too many.
    pub more: bool,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        if self.more && self.problems.len() > 1 {
            f.write_str("\nthere may be more: reading stopped here")?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadError {}
