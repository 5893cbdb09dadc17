//! `uname`: what some clients ask first. It tells nothing of the real host (SCMD-016…SCMD-018).

/// The fields in the order of `uname -a`: the letters and the name of their flags, and what they say.
const FIELDS: [(&str, &[&str], &str); 8] = [
    ("s", &["kernel-name"], "Linux"),
    ("n", &["nodename"], "entrepot"),
    ("r", &["kernel-release"], "1.0.0"),
    ("v", &["kernel-version"], "#1 SMP Entrepot"),
    ("m", &["machine"], "x86_64"),
    ("p", &["processor"], "x86_64"),
    ("i", &["hardware-platform"], "x86_64"),
    ("o", &["operating-system"], "GNU/Linux"),
];
/// What `-a` leaves out: machine is said once.
const ALL_BUT: [&str; 2] = ["p", "i"];

/// The answer to `uname` with these arguments.
///
/// # Errors
/// A usage line.
pub fn uname(arguments: &[String]) -> Result<String, String> {
    let mut wanted = [false; FIELDS.len()];
    for argument in arguments {
        let flags: Vec<&str> = match argument.strip_prefix("--") {
            Some("all") => vec!["a"],
            Some(long) => FIELDS.iter().filter(|(_, names, _)| names.contains(&long)).map(|(letter, ..)| *letter).collect(),
            None => argument
                .strip_prefix('-')
                .map(|letters| letters.split("").filter(|one| !one.is_empty()).collect())
                .unwrap_or_default(),
        };
        if flags.is_empty() {
            return Err(USAGE.to_owned());
        }
        for flag in flags {
            let known = FIELDS.iter().position(|(letter, ..)| *letter == flag);
            match (flag, known) {
                ("a", _) => {
                    for (at, (letter, ..)) in FIELDS.iter().enumerate() {
                        wanted[at] |= !ALL_BUT.contains(letter);
                    }
                }
                (_, Some(at)) => wanted[at] = true,
                _ => return Err(USAGE.to_owned()),
            }
        }
    }
    if arguments.is_empty() {
        wanted[0] = true;
    }
    let fields = FIELDS.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|((.., value), _)| *value);
    Ok(fields.collect::<Vec<_>>().join(" "))
}

const USAGE: &str = "usage: uname [-asnrvmpio]";

#[cfg(test)]
mod tests {
    use super::*;

    // SCMD-016, SCMD-017, SCMD-018
    #[test]
    fn flags_select_fields_in_a_fixed_order() {
        let ask = |flags: &[&str]| uname(&flags.iter().map(|&flag| flag.to_owned()).collect::<Vec<_>>());
        assert_eq!(ask(&[]).as_deref(), Ok("Linux"));
        assert_eq!(ask(&["-a"]).as_deref(), Ok("Linux entrepot 1.0.0 #1 SMP Entrepot x86_64 GNU/Linux"));
        assert_eq!(ask(&["-a"]), ask(&["--all"]));
        assert_eq!(ask(&["-om"]).as_deref(), Ok("x86_64 GNU/Linux"));
        assert_eq!(ask(&["--nodename", "-r"]).as_deref(), Ok("entrepot 1.0.0"));
        for bad in [["-x"], ["host"], ["--nothing"], ["-"]] {
            assert!(ask(&bad).is_err_and(|text| text.starts_with("usage")), "{bad:?}");
        }
    }
}
