//! What other runtimes copy with the same heap and the same actions, measured for the survey: Linux 6.18, pages of
//! 4 KiB, 500 000 records, each action in a fresh child of one warm parent, read from outside by frame numbers.

/// Pages copied by a child, as measured, control not subtracted; `exit` and `leave` in page faults.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The runtime, its version and how its collector was set.
    pub(crate) name: &'static str,
    /// Anonymous pages of the parent at the fork.
    pub(crate) heap: i64,
    /// A child that does nothing (E0).
    pub(crate) nothing: i64,
    /// A full collection (E1).
    pub(crate) collect: i64,
    /// Reading everything (E2).
    pub(crate) read: i64,
    /// A request (E4).
    pub(crate) request: i64,
    /// 100 000 more records (E5).
    pub(crate) grow: i64,
    /// New pages of the same.
    pub(crate) grow_new: i64,
    /// A normal end (X).
    pub(crate) exit: i64,
    /// `_exit` (X').
    pub(crate) leave: i64,
}

/// The number of records that the peers were measured with.
pub(crate) const RECORDS: u64 = 500_000;
/// Their page size in bytes.
pub(crate) const PAGE: i64 = 4096;

/// The runtimes that the table shows.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "CPython 3.7",
        heap: 55466,
        nothing: 59,
        collect: 36166,
        read: 47854,
        request: 13095,
        grow: 186,
        grow_new: 10951,
        exit: 54307,
        leave: 7,
    },
    Peer {
        name: "CPython 3.7 freeze",
        heap: 55471,
        nothing: 62,
        collect: 103,
        read: 47852,
        request: 12987,
        grow: 141,
        grow_new: 10946,
        exit: 513,
        leave: 7,
    },
    Peer {
        name: "CPython 3.13",
        heap: 39225,
        nothing: 51,
        collect: 19961,
        read: 37331,
        request: 15361,
        grow: 20045,
        grow_new: 7641,
        exit: 37957,
        leave: 5,
    },
    Peer {
        name: "CPython 3.13 freeze",
        heap: 39227,
        nothing: 52,
        collect: 98,
        read: 37328,
        request: 15315,
        grow: 159,
        grow_new: 7642,
        exit: 688,
        leave: 2,
    },
    Peer {
        name: "Ruby 3.1",
        heap: 18678,
        nothing: 29,
        collect: 11058,
        read: 64,
        request: 1129,
        grow: 1118,
        grow_new: 3930,
        exit: 1206,
        leave: 7,
    },
    Peer {
        name: "Ruby 3.3 warmup",
        heap: 17466,
        nothing: 31,
        collect: 1476,
        read: 71,
        request: 109,
        grow: 102,
        grow_new: 4202,
        exit: 1492,
        leave: 5,
    },
    Peer {
        name: "Ruby 3.4",
        heap: 18315,
        nothing: 33,
        collect: 14302,
        read: 15755,
        request: 4379,
        grow: 14247,
        grow_new: 4093,
        exit: 1301,
        leave: 9,
    },
];
