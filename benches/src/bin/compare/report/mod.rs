//! What is said in the end.

pub(crate) mod table;
