//! What must hold for any bytes: each check takes some and panics if it does
//! not. Fuzz targets and the tests over the committed corpus call these.

pub(crate) mod client;
pub(crate) mod command;
pub(crate) mod names;
pub(crate) mod room;
pub(crate) mod text;
pub(crate) mod wire;

/// A check by the name of its fuzz target.
pub(crate) type Check = fn(&[u8]);

/// All checks; `fuzz/fuzz_targets` has a target for each, under its name.
pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("text", text::check),
    ("client", client::check),
    ("names", names::check),
    ("command", command::check),
    ("room", room::check),
    ("wire_cuts", wire::any_cut_is_the_same),
    ("wire_model", wire::agrees_with_the_model),
];
