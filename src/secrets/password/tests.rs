//! The vectors were made with crypt(3), OpenSSL, pyca/bcrypt, argon2-cffi and Python's hashlib.

use super::*;

const PASSWORD: &[u8] = b"correct horse";

const VECTORS: [&str; 19] = [
    "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80",
    "$apr1$r31.....$WQf9cPy9WjNvz9ZYeT9jk.",
    "$5$saltstring$vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC",
    "$5$rounds=10000$saltstringsaltst$ffO6RHJbzihHqETll0c/MLDJrGhQw9fAaO1LcVIStWB",
    "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/",
    "$6$rounds=1234$abc0123456789$F2n1/3T5j/DgCK70UVY0AugEN2ILzF1hJuFlAaQHVwvK2WaxE0EetiORdgYLLLXaqC2Ik.8u59B.rpr6xKaBS/",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79",
    "$y$j75$abcd$RU2Kkby1H6yvchmPV6ZobgSigPvmsUpIjba5LqR9pOB",
    "$2a$04$auhxhxr/eX0NlPexRpk/kuY2HqNdwBO2nItANk3Aa6n/k.d/aeXR6",
    "$2b$04$q6khXQ5qBamG9MachNGKoOTFV7JH.m0vmmN4bNCtUbp5rfhFCplme",
    "$2y$04$U75GFngGFxRMW9BPhzQkOuhqrpxYWLH1bzI2W9BFKQ5O4a40IAoRy",
    "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$dPtrHTEawLtMiR9+/XloAkXZ+EtyrY+bvmHIbiufhk0",
    "$pbkdf2-sha1$1500$E86a9YMX3zC7$NCXsN0Fti6MNokJWkwYCP5RNm50=",
    "$pbkdf2-sha256$1500$E86a9YMX3zC7$Q0W8A9ycjUrKdaZt2wH4UsmTCzc34AucGd05SNTnCwo=",
    "$pbkdf2-sha512$1500$E86a9YMX3zC7$5aQaZ0X+505B2No1HiR5k9/+lmpceqAZ5hZiPKRrAwWCajL/H+nEEs/ascFmBVOEmlxThXUbH7A/EaN+1NgYMg==",
    "$pbkdf2-b64salt-sha256$1500$AAECAwQFBgcICQoLDA0ODw==$Z1E4uuXw8dn6LwWRA8EEm0TWhgdyegQcbVTmoEMMnIg=",
    "{MD5}3cb4e732631f47e6eb961f34554b7cde",
    "{SHA256}4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631",
    "{SHA512}56b698defedb5a435b634afe3320bbaf3fdcd920b6c503a446fc7b7a776b298d479d1ba6a8b617808eb0bf579ce9a95d668347bcab7149085ac93cb27995197b",
];

/// Cheap enough to be run often.
fn cheap(algorithm: Algorithm) -> HashingParameters {
    HashingParameters {
        algorithm,
        argon2_memory: 64,
        argon2_iterations: 1,
        bcrypt_cost: 4,
        pbkdf2_iterations: 1000,
        ..HashingParameters::default()
    }
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Argon2id, Algorithm::Bcrypt, Algorithm::Pbkdf2Sha256];

// SEC-033, SEC-034, SEC-036, SEC-037
#[test]
fn hashes_of_every_accepted_format_verify() {
    for hash in VECTORS {
        assert_eq!(verify(hash, PASSWORD), Ok(true), "{hash}");
        assert_eq!(verify(hash, b"correct horsf"), Ok(false), "{hash}");
        assert_eq!(verify(hash, b"correct hors"), Ok(false), "{hash}");
    }
}

// SEC-034: the parameters that existing installations use
#[test]
fn argon2id_hash_with_64_mib_and_two_lanes_verifies() {
    let hash = "$argon2id$v=19$m=65536,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$KzWgWC5BpuU6qJnSGHm6+1M9cU7LTX2/yw/LSUVw7/E";
    assert_eq!(verify(hash, PASSWORD), Ok(true));
}

// SEC-036: more than one block of the inner digest, and a short salt
#[test]
fn md5_crypt_verifies_long_passwords() {
    let hash = "$1$ab$sfNxnhqR5Si4wjySOUJ4p/";
    let password = b"a password of more than sixteen bytes";
    assert_eq!(verify(hash, password), Ok(true));
    assert_eq!(verify(hash, &password[1..]), Ok(false));
}

// SEC-036, SEC-038
#[test]
fn every_vector_is_recognised_as_a_hash_and_valid() {
    for hash in VECTORS {
        assert!(is_hash_prefix(hash), "{hash}");
        assert_eq!(validate_hash(hash), Ok(()), "{hash}");
    }
    for text in ["", "secret", "$", "$2c$x", "$argon2i$x", "{SHA1}00", "a$6$b"] {
        assert!(!is_hash_prefix(text), "{text}");
        assert_eq!(validate_hash(text), Err(HashError::UnknownFormat), "{text}");
    }
}

// SEC-039
#[test]
fn only_own_formats_count_as_hashes_of_admins() {
    let own: Vec<_> = VECTORS.into_iter().filter(|hash| is_own_hash_prefix(hash)).map(|hash| &hash[..4]).collect();
    assert_eq!(own, ["$2a$", "$2b$", "$2y$", "$arg", "$pbk"]);
}

// SEC-040
#[test]
fn malformed_hashes_are_refused() {
    for prefix in format::PREFIXES {
        for rest in ["", "x", "$", "$$$", "1$2$3", "é$é$é"] {
            let text = format!("{prefix}{rest}");
            assert!(validate_hash(&text).is_err(), "{text}");
            assert!(verify(&text, PASSWORD).is_err(), "{text}");
        }
    }
    for hash in VECTORS {
        let cut: String = hash.chars().take(hash.len() - 3).collect();
        let is_shorter_digest = hash.starts_with("$arg") || hash.starts_with("$pbk");
        assert!(validate_hash(&cut).is_err() || is_shorter_digest, "{cut}");
        assert_ne!(verify(&cut, PASSWORD), Ok(true), "{cut}");
    }
}

// SEC-040: costs that would stop the program
#[test]
fn ruinous_costs_are_refused() {
    let digest = "NCXsN0Fti6MNokJWkwYCP5RNm50=";
    for hash in [
        "$argon2id$v=19$m=4294967295,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$dPtrHTEawLtMiR9+/XloAkXZ+EtyrY+bvmHIbiufhk0".to_owned(),
        "$argon2id$v=19$m=64,t=4294967295,p=1$MDEyMzQ1Njc4OWFiY2RlZg$dPtrHTEawLtMiR9+/XloAkXZ+EtyrY+bvmHIbiufhk0".to_owned(),
        format!("$pbkdf2-sha1$4294967295$salt${digest}"),
        format!("$pbkdf2-sha1$0$salt${digest}"),
        "$5$rounds=999999999$saltstringsaltst$ffO6RHJbzihHqETll0c/MLDJrGhQw9fAaO1LcVIStWB".to_owned(),
        "$y$jTT$F5Jx5fExrKuPp53xLKQ..1$zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79".to_owned(),
    ] {
        assert!(matches!(validate_hash(&hash), Err(HashError::Malformed(_))), "{hash}");
    }
}

// SEC-032..035
#[test]
fn new_hashes_verify_and_carry_the_configured_costs() {
    let prefixes = ["$argon2id$v=19$m=64,t=1,p=1$", "$2a$04$", "$pbkdf2-b64salt-sha256$1000$"];
    for (algorithm, prefix) in ALGORITHMS.into_iter().zip(prefixes) {
        let hash = hash(PASSWORD, &cheap(algorithm)).expect("hashing works");
        assert!(hash.starts_with(prefix), "{hash}");
        assert_eq!(verify(&hash, PASSWORD), Ok(true));
        assert_eq!(verify(&hash, b"wrong"), Ok(false));
    }
}

// decisions: new hashes are argon2id with 19 MiB, two passes and one lane
#[test]
fn default_parameters_are_those_of_the_project() {
    let hash = hash(PASSWORD, &HashingParameters::default()).expect("hashing works");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(verify(&hash, PASSWORD), Ok(true));
}

#[test]
fn equal_passwords_have_different_hashes() {
    for algorithm in ALGORITHMS {
        assert_ne!(hash(PASSWORD, &cheap(algorithm)), hash(PASSWORD, &cheap(algorithm)));
    }
}

// ACC-114
#[test]
fn bcrypt_refuses_to_hash_more_than_72_bytes() {
    let parameters = cheap(Algorithm::Bcrypt);
    assert_eq!(hash(&[b'x'; 73], &parameters), Err(HashError::TooLong(BCRYPT_MAX_BYTES)));
    let hash = hash(&[b'x'; 72], &parameters).expect("72 bytes fit");
    assert_eq!(verify(&hash, &[b'x'; 72]), Ok(true));
    assert_eq!(verify(&hash, &[b'x'; 71]), Ok(false));
    let foreign = "$2b$04$Bp3qfhV/00F/pPmu/H/QmO.IW4O/1rDqzfGQZIbF2lYHUPt1t6ZPW";
    assert_eq!(verify(foreign, &[b'x'; 72]), Ok(true));
}

// SEC-045, SEC-046
#[test]
fn empty_and_overlong_passwords_never_match() {
    let empty_md5 = "{MD5}d41d8cd98f00b204e9800998ecf8427e";
    assert_eq!(verify(empty_md5, b""), Ok(false));
    for algorithm in ALGORITHMS {
        assert_eq!(hash(b"", &cheap(algorithm)), Err(HashError::Empty));
        let long = [b'x'; MAX_PASSWORD_BYTES + 1];
        assert!(matches!(hash(&long, &cheap(algorithm)), Err(HashError::TooLong(_))));
    }
    assert!(verify("", b"").is_err());
}

// SEC-041
#[test]
fn hashes_of_another_algorithm_or_a_lower_cost_are_replaced() {
    for (index, algorithm) in ALGORITHMS.into_iter().enumerate() {
        let made = hash(PASSWORD, &cheap(algorithm)).expect("hashing works");
        assert!(!needs_rehash(&made, &cheap(algorithm)));
        assert!(needs_rehash(&made, &cheap(ALGORITHMS[(index + 1) % 3])));
        let dearer = HashingParameters { argon2_iterations: 2, bcrypt_cost: 5, pbkdf2_iterations: 1001, ..cheap(algorithm) };
        assert!(needs_rehash(&made, &dearer));
    }
    // Imported hashes that cost more than ours stay.
    let imported = "$argon2id$v=19$m=65536,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$KzWgWC5BpuU6qJnSGHm6+1M9cU7LTX2/yw/LSUVw7/E";
    assert!(!needs_rehash(imported, &HashingParameters::default()));
    assert!(!needs_rehash("$2a$broken", &HashingParameters::default()));
}

// SEC-044
#[test]
fn dummy_hash_has_the_costs_of_new_hashes_and_matches_nothing() {
    for algorithm in ALGORITHMS {
        let parameters = cheap(algorithm);
        let dummy = dummy_hash(&parameters).expect("hashing works");
        assert!(!needs_rehash(&dummy, &parameters));
        assert_eq!(verify(&dummy, PASSWORD), Ok(false));
    }
}

// SEC-033, SEC-034, SEC-035
#[test]
fn parameters_out_of_range_are_refused() {
    let good = HashingParameters::default();
    assert_eq!(good.validate(), Ok(()));
    let bad = [
        HashingParameters { argon2_memory: 7, ..good },
        HashingParameters { argon2_memory: u32::MAX, ..good },
        HashingParameters { argon2_iterations: 0, ..good },
        HashingParameters { argon2_parallelism: 0, ..good },
        HashingParameters { argon2_parallelism: 256, ..good },
        HashingParameters { bcrypt_cost: 3, ..good },
        HashingParameters { bcrypt_cost: 32, ..good },
        HashingParameters { pbkdf2_iterations: 999, ..good },
        HashingParameters { pbkdf2_salt_length: 15, ..good },
        HashingParameters { pbkdf2_salt_length: 65, ..good },
    ];
    for parameters in bad {
        assert!(matches!(parameters.validate(), Err(HashError::Parameters(_))), "{parameters:?}");
        assert!(hash(PASSWORD, &parameters).is_err());
    }
}

// CFG-177
#[test]
fn algorithm_names_are_those_of_the_settings() {
    for algorithm in ALGORITHMS {
        assert_eq!(Algorithm::from_name(algorithm.as_str()), Some(algorithm));
    }
    assert_eq!(Algorithm::from_name("md5"), None);
}

proptest::proptest! {
    // SEC-040: hostile text is never a panic
    #[test]
    fn parsing_any_text_ends_with_an_answer(rest in ".{0,80}", index in 0..format::PREFIXES.len()) {
        let _ = validate_hash(&format!("{}{rest}", format::PREFIXES[index]));
        let _ = validate_hash(&rest);
    }
}
