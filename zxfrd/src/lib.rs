//! zxfrd
