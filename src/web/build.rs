//! Turns the catalogs of `ui/i18n` into a Rust struct with a field for every text, so that a template that asks for a text
//! which English does not have does not compile. What another language lacks is English; a test tells. Joins the parts of the
//! published contract (`assets/openapi`) and packs them.

#![allow(clippy::disallowed_methods, reason = "a build script reads what cargo tells it and writes where cargo says")]

use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, fs, io::Write as _, path::Path};

use flate2::{Compression, write::ZlibEncoder};
use serde_json::Value;

/// Languages: Rust name, tag of BCP 47. English is the source and comes first.
const LANGUAGES: [(&str, &str); 6] = [("EN", "en"), ("IT", "it"), ("DE", "de"), ("FR", "fr"), ("ES", "es"), ("ZH", "zh-Hans")];

/// Parts of the contract, in their order.
const PARTS: [&str; 41] = [
    "head",
    "paths/healthcheck",
    "paths/token",
    "paths/maintenance",
    "paths/identity",
    "paths/admins",
    "paths/api_keys",
    "paths/connections",
    "paths/ip_lists",
    "paths/defender",
    "paths/quota",
    "paths/folders",
    "paths/groups",
    "paths/roles",
    "paths/users",
    "paths/data_retention",
    "paths/events",
    "paths/event_manager",
    "paths/user_apis",
    "paths/admin_shares",
    "paths/user_shares",
    "paths/public_shares",
    "paths/office",
    "paths/user_files",
    "paths/chunked_uploads",
    "paths/live",
    "components/head",
    "components/answers",
    "components/values",
    "components/secrets",
    "components/storage",
    "components/accounts",
    "components/administrators",
    "components/activity",
    "components/files",
    "components/status",
    "components/identity",
    "components/event_actions",
    "components/event_rules",
    "components/shares",
    "components/backup",
];

type Catalog = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn Error>> {
    contract()?;
    words()
}

fn contract() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../assets/openapi");
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    for part in PARTS {
        let path = folder.join(format!("{part}.yaml"));
        println!("cargo:rerun-if-changed={}", path.display());
        packed.write_all(&fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?)?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("openapi.yaml.zlib"), packed.finish()?)?;
    Ok(())
}

fn words() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../ui/i18n");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut catalogs = Vec::new();
    for (_, tag) in LANGUAGES {
        catalogs.push(read(&folder, tag)?);
    }
    let english = &catalogs[0];
    let mut fields: Vec<(String, &String)> = english.keys().map(|key| (field(key), key)).collect();
    fields.sort();
    let mut code = String::from(
        "/// Every text of the pages in one language.\n#[allow(non_snake_case, reason = \"keys have values of the contract in them\")]\n#[derive(Debug)]\npub(crate) struct Words {\n",
    );
    for (field, key) in &fields {
        writeln!(code, "    /// {:?}\n    pub(crate) {field}: &'static str,", english[*key])?;
    }
    code.push_str("}\n\n");
    for ((name, tag), catalog) in LANGUAGES.iter().zip(&catalogs) {
        writeln!(code, "/// The texts of `{tag}`.\npub(crate) static {name}: Words = Words {{")?;
        for (field, key) in &fields {
            writeln!(code, "    {field}: {:?},", catalog.get(*key).unwrap_or(&english[*key]))?;
        }
        code.push_str("};\n\n");
    }
    let mut keys: Vec<&String> = english.keys().collect();
    keys.sort();
    code.push_str("/// Reads one text.\npub(crate) type Reader = fn(&Words) -> &'static str;\n\n");
    code.push_str("/// Keys in order, for texts whose key is put together at run time.\n");
    writeln!(code, "pub(crate) static KEYS: [(&str, Reader); {}] = [", keys.len())?;
    for key in keys {
        writeln!(code, "    ({key:?}, |words| words.{}),", field(key))?;
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("words.rs"), code)?;
    Ok(())
}

/// All files of a language, one a topic: `ui/i18n/<topic>/<tag>.json`.
fn read(folder: &Path, tag: &str) -> Result<Catalog, Box<dyn Error>> {
    let mut catalog = Catalog::new();
    let mut topics: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    topics.sort_by_key(fs::DirEntry::path);
    for topic in topics {
        let path = topic.path().join(format!("{tag}.json"));
        println!("cargo:rerun-if-changed={}", path.display());
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        flatten("", &value, &mut catalog);
    }
    Ok(catalog)
}

/// `{"users": {"title": "Users"}}` has the key `users.title`.
fn flatten(prefix: &str, value: &Value, catalog: &mut Catalog) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, member, catalog);
            }
        }
        Value::String(text) => {
            catalog.insert(prefix.to_owned(), text.clone());
        }
        _ => {}
    }
}

/// The field of a key.
fn field(key: &str) -> String {
    key.replace(['.', '-', '+', '*', ' '], "_")
}
