//! How much of a transfer is taken in, and how much went by.

/// How much of one transfer is taken in before it is cut. A limit of `MAX` is none. Time is the caller's matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of messages, length octets not counted.
    pub octets: u64,
    /// Records in the answer sections.
    pub records: u64,
    /// Messages.
    pub messages: u64,
    /// Messages in a row without a record: nsd sends no end of them in place of a record that it can't send.
    pub empty_messages: u32,
    /// Octets of messages since the last one whose TSIG was right: what may be of anyone's making. It counts in signed
    /// transfers only.
    pub unverified_octets: u64,
    /// Records in a row with one owner and type. Without `alloc` no more can be known: an RRset that comes in pieces is
    /// counted piece by piece here, and whole by the [builder](crate::zone::Builder) of a zone.
    pub rrset_records: u32,
    /// Types in a row at one owner. Only types that are lower or higher than all before at that owner are counted, so that
    /// the count never passes the true one, and is the true one for any peer that sends types in order; the
    /// [builder](crate::zone::Builder) of a zone counts all.
    pub types_per_name: u16,
}

impl Limits {
    /// No limits but what the protocol has.
    pub const NONE: Self = Self {
        octets: u64::MAX,
        records: u64::MAX,
        messages: u64::MAX,
        empty_messages: u32::MAX,
        unverified_octets: u64::MAX,
        rrset_records: u32::MAX,
        types_per_name: u16::MAX,
    };
}

impl Default for Limits {
    /// 4 GiB, 200 million records and as many messages, 100 messages in a row without a record, 6,488,065 unverified octets (the most that RFC 8945 §5.3.1 lets a
    /// peer send: 99 messages), 200,000 records in an RRset, 1,000 types at a name.
    fn default() -> Self {
        Self {
            octets: 4 << 30,
            records: 200_000_000,
            messages: 200_000_000,
            empty_messages: 100,
            unverified_octets: 99 * 65_535,
            rrset_records: 200_000,
            types_per_name: 1_000,
        }
    }
}

/// How much was sent or received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages.
    pub messages: u64,
    /// Records in the answer sections, the closing SOA included.
    pub records: u64,
    /// Octets of messages, length octets not counted.
    pub octets: u64,
}
