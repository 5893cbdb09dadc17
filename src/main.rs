//! Entrepot.
fn main() {}
