//! The walls of the house: which room may import which, and what only some rooms may name.

use std::{collections::BTreeMap, fs, path::Path};

/// Room and the rooms it may import directly.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("secrets", &[]),
    ("config", &["model", "secrets"]),
    ("store", &["model", "secrets", "config"]),
    ("storage", &["model", "secrets"]),
    ("outbound", &["model", "config"]),
    ("net", &["model", "config"]),
    ("core", &["model", "secrets", "config", "store", "storage", "outbound"]),
    ("events", &["model", "config", "core", "outbound"]),
    ("http", &["model", "config", "net", "core"]),
    ("sftp", &["model", "config", "secrets", "net", "core"]),
    ("ftp", &["model", "config", "secrets", "net", "core"]),
    ("dav", &["model", "config", "secrets", "net", "core", "http"]),
    ("web", &["model", "config", "secrets", "net", "core", "http"]),
    (
        "cli",
        &[
            "model", "secrets", "config", "store", "storage", "outbound", "net", "core", "events", "http", "sftp", "ftp", "dav",
            "web",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rooms() -> BTreeMap<String, Vec<String>> {
    let mut rooms = BTreeMap::new();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        if !manifest.exists() {
            continue;
        }
        let text = fs::read_to_string(&manifest).unwrap();
        let name = text.lines().find_map(|line| line.strip_prefix("name = \"entrepot-")).unwrap();
        let name = name.trim_end_matches('"').to_owned();
        // What only tests use is no import of the room: a room above core builds one over a store in memory.
        let shipped = text.split("[dev-dependencies]").next().unwrap_or_default();
        let imports = shipped.lines().filter_map(|line| {
            let line = line.trim().strip_prefix("entrepot-")?;
            let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
            Some(line[..end].to_owned())
        });
        rooms.insert(name, imports.collect());
    }
    rooms
}

fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let rooms = rooms();
    assert!(rooms.len() >= 11, "rooms found: {:?}", rooms.keys());
    for (room, imports) in &rooms {
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| name == room)
            .unwrap_or_else(|| panic!("the room `{room}` is not in the plan: ARCHITECTURE.md and this table name every room"));
        for import in imports {
            assert!(allowed.contains(&import.as_str()), "`{room}` must not import `{import}`");
        }
    }
}

#[test]
fn only_the_door_of_core_holds_a_storage_backend() {
    let mut files = Vec::new();
    sources(&root().join("src/core"), &mut files);
    assert!(files.len() > 20);
    for file in files {
        let relative = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let names = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .any(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "Backend"));
        let is_test = relative.contains("/tests");
        assert!(!names || is_test || relative == "src/core/fs/door.rs", "{relative} names `Backend`: only the door may");
    }
}

#[test]
fn files_stay_small_enough_to_read() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let long: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let lines = fs::read_to_string(file).unwrap().lines().count();
            (lines > 500).then(|| format!("{} ({lines})", file.strip_prefix(root()).unwrap().display()))
        })
        .collect();
    assert!(long.is_empty(), "split by verb or noun: {long:?}");
}
