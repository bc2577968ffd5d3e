//! Whose numbers stand side by side.

use std::fmt;

use clap::ValueEnum;

/// A kind of server, by its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Kind {
    /// Ours.
    Zxfrd,
    /// Knot DNS.
    Knotd,
    /// NSD.
    Nsd,
    /// BIND 9.
    Named,
    /// PowerDNS authoritative server.
    #[value(name = "pdns_server")]
    Pdns,
    /// PowerDNS ixfrdist.
    Ixfrdist,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 6] = [Self::Zxfrd, Self::Knotd, Self::Nsd, Self::Named, Self::Pdns, Self::Ixfrdist];

    /// The name of its program.
    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Zxfrd => "zxfrd",
            Self::Knotd => "knotd",
            Self::Nsd => "nsd",
            Self::Named => "named",
            Self::Pdns => "pdns_server",
            Self::Ixfrdist => "ixfrdist",
        }
    }

    /// What it is called.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Zxfrd => "zxfrd",
            Self::Knotd => "Knot DNS",
            Self::Nsd => "NSD",
            Self::Named => "BIND",
            Self::Pdns => "PowerDNS",
            Self::Ixfrdist => "ixfrdist",
        }
    }

    /// The arguments with which it tells its version.
    pub(crate) const fn version_argument(self) -> &'static str {
        match self {
            Self::Named | Self::Nsd => "-v",
            _ => "--version",
        }
    }

    /// Whether it has TSIG.
    pub(crate) const fn signs(self) -> bool {
        !matches!(self, Self::Ixfrdist)
    }

    /// Whether it makes differences of a zone file's versions.
    pub(crate) const fn has_differences(self) -> bool {
        !matches!(self, Self::Pdns)
    }

    /// Whether it serves zones from files.
    pub(crate) const fn reads_files(self) -> bool {
        !matches!(self, Self::Ixfrdist)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

/// A column of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Column {
    /// A server.
    Server(Kind),
    /// What the machine can do at most.
    Bound,
}

impl Column {
    /// The kind of server, if it is one's.
    pub(crate) const fn kind(self) -> Option<Kind> {
        match self {
            Self::Server(kind) => Some(kind),
            Self::Bound => None,
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(kind) => kind.fmt(f),
            Self::Bound => f.pad("bound"),
        }
    }
}
