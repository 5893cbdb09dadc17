//! What ssh-audit says of the default settings.

use serde_json::Value;

use crate::harness::{Program, Server, Settings, eventually, venv_python};

/// Algorithms that may be warned of, and why they stay: clients in use need one of them, and neither withstands a quantum
/// computer. mlkem768x25519-sha256 stands before them.
const WARNED: [&str; 3] = ["curve25519-sha256", "curve25519-sha256@libssh.org", "diffie-hellman-group16-sha512"];

// SSH-039…SSH-044, decisions 15
#[test]
fn the_defaults_have_nothing_that_fails_and_warn_only_of_quantum_computers() {
    let server = Server::start(Settings::default());
    eventually("the RSA key is there", || server.data().join("id_rsa").exists());
    let port = server.sftp_address().port().to_string();
    let audit = Program::new(venv_python())
        .args(["-m", "ssh_audit.ssh_audit", "--json", "--skip-rate-test", "-p", &port, "127.0.0.1"])
        .run();
    let report: Value = serde_json::from_str(&audit.out).unwrap_or_else(|error| panic!("{error}: {audit:?}"));
    let mut seen = 0;
    for list in ["kex", "key", "enc", "mac"] {
        for algorithm in report[list].as_array().unwrap_or_else(|| panic!("{list}: {report}")) {
            let name = algorithm["algorithm"].as_str().unwrap();
            let notes = &algorithm["notes"];
            assert!(notes["fail"].is_null(), "{name}: {notes}");
            let warnings = notes["warn"].as_array().cloned().unwrap_or_default();
            for warning in &warnings {
                let text = warning.as_str().unwrap();
                assert!(WARNED.contains(&name) && text.contains("post-quantum"), "{name}: {text}");
            }
            seen += 1;
        }
    }
    assert!(seen > 12, "{report}");
    assert!(report["cves"].as_array().is_none_or(Vec::is_empty), "{report}");
    assert!(report["additional_notes"].as_array().is_none_or(|notes| !format!("{notes:?}").contains("Terrapin")), "{report}");
}
