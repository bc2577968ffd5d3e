//! zxfr-core
#![no_std]
