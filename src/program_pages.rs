//! The pages of the program itself in memory.
//!
//! Half of what a start runs through (migrations, parsers of settings, key making, the command line) is not needed again,
//! but stays mapped, and with it what the kernel maps around each page. On a machine with little memory that is most of what
//! an idle server holds.

#![allow(unsafe_code, reason = "madvise works on addresses; what may be given to it is checked here")]
#![allow(clippy::disallowed_methods, reason = "it reads what the kernel tells of this process")]

use std::{
    ffi::c_void,
    fs,
    io::{self, Read as _},
    path::Path,
};

use rustix::mm::{Advice, madvise};

/// More than this is no list of the mappings of a server (`proc_pid_smaps(5)`).
const MOST: u64 = 8 << 20;

/// One mapping of the program, as `smaps` tells it.
#[derive(Debug, PartialEq, Eq)]
struct Mapping {
    start: usize,
    length: usize,
}

/// Lets go of the program's own pages that came from its file and were not changed since: whoever runs into one of them gets
/// it from the page cache again. Bytes that may come back that way.
///
/// # Errors
/// `/proc` cannot be read, or the kernel refuses; nothing is lost then.
pub(crate) fn let_go() -> io::Result<usize> {
    let program = fs::read_link("/proc/self/exe")?;
    let mut smaps = String::new();
    fs::File::open("/proc/self/smaps")?.take(MOST).read_to_string(&mut smaps)?;
    let mut length = 0;
    for mapping in unchanged(&smaps, &program) {
        let address = mapping.start as *mut c_void;
        // SAFETY: the mapping is a whole one of the running program's file (nothing unmaps those), cannot be written, and
        // holds no page that differs from the file: what is dropped is read again as it was.
        unsafe { madvise(address, mapping.length, Advice::LinuxDontNeed)? };
        length += mapping.length;
    }
    Ok(length)
}

/// The mappings of the program's file that cannot be written and of which no page has been changed: code and constants,
/// but not what the loader has relocated.
fn unchanged(smaps: &str, program: &Path) -> Vec<Mapping> {
    let mut found = Vec::new();
    let mut current = None;
    for line in smaps.lines() {
        if let Some(kib) = line.strip_prefix("Anonymous:") {
            // Each block has this line once.
            if let Some(mapping) = current.take()
                && kib.trim() == "0 kB"
            {
                found.push(mapping);
            }
        } else if let Some(header) = header(line) {
            current = header.of(program);
        }
    }
    found
}

/// The first line of a block: addresses, permissions, offset, device, inode, file.
struct Header<'a> {
    mapping: Mapping,
    permissions: &'a str,
    file: &'a str,
}

impl Header<'_> {
    fn of(self, program: &Path) -> Option<Mapping> {
        (Path::new(self.file) == program && !self.permissions.contains('w')).then_some(self.mapping)
    }
}

fn header(line: &str) -> Option<Header<'_>> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    let permissions = fields.next()?;
    let file = fields.nth(3)?.trim_start();
    Some(Header { mapping: Mapping { start, length: end.checked_sub(start)? }, permissions, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-5000 r--p 00000000 fe:00 77                 /opt/my server/entrepot
Size:                 16 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
5000-9000 r-xp 00004000 fe:00 77                 /opt/my server/entrepot
Anonymous:             0 kB
9000-a000 r--p 00008000 fe:00 77                 /opt/my server/entrepot
Anonymous:             4 kB
a000-b000 rw-p 00009000 fe:00 77                 /opt/my server/entrepot
Anonymous:             0 kB
b000-c000 rw-p 00000000 00:00 0 
Anonymous:             0 kB
c000-d000 r-xp 00000000 fe:00 78                 /usr/lib/libc.so.6
Anonymous:             0 kB
";

    #[test]
    fn only_what_is_in_the_file_as_it_is_in_memory_is_let_go() {
        let found = unchanged(SMAPS, Path::new("/opt/my server/entrepot"));
        let expected = [Mapping { start: 0x1000, length: 0x4000 }, Mapping { start: 0x5000, length: 0x4000 }];
        assert_eq!(found, expected);
        assert!(unchanged(SMAPS, Path::new("/opt/my")).is_empty());
        assert!(unchanged("no such text\n-\n1-zz r\nAnonymous: 0 kB\n", Path::new("")).is_empty());
    }

    #[test]
    fn program_goes_on_after_it() {
        let before = Path::new("/opt/entrepot").display().to_string();
        assert!(let_go().expect("the test has a /proc") > 0);
        assert_eq!(Path::new("/opt/entrepot").display().to_string(), before);
    }
}
