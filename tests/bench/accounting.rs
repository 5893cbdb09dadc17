//! What a server costs: CPU time and resident memory of its whole process tree.
//!
//! A control group per server counts every process and thread exactly, ended ones too. Where none
//! can be made (no rights), `/proc` is summed up, at the resolution of the kernel's clock tick.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, kill_process};

/// The account of one server.
pub struct Account {
    group: Option<Group>,
    root: u32,
}

enum Group {
    Version1(PathBuf),
    Version2(PathBuf),
}

impl Group {
    fn path(&self) -> &Path {
        match self {
            Self::Version1(path) | Self::Version2(path) => path,
        }
    }

    /// Makes a group below our own, in the first hierarchy that lets us.
    fn create(name: &str) -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let below = |controllers: &str| {
            own.lines().find_map(|line| {
                let mut fields = line.splitn(3, ':').skip(1);
                let found = fields.next()?.split(',').any(|c| c == controllers);
                found.then(|| fields.next().unwrap_or("/").trim_start_matches('/').to_owned())
            })
        };
        let attempts = [
            ("/sys/fs/cgroup/cpuacct", below("cpuacct"), true),
            ("/sys/fs/cgroup/cpu,cpuacct", below("cpuacct"), true),
            ("/sys/fs/cgroup", below(""), false),
            ("/sys/fs/cgroup/unified", below(""), false),
        ];
        for (mount, own, is_version1) in attempts {
            let usage = if is_version1 { "cpuacct.usage" } else { "cpu.stat" };
            let Some(own) = own else { continue };
            let path = Path::new(mount).join(own).join(name);
            if fs::create_dir(&path).is_err() {
                continue;
            }
            let group = match is_version1 {
                true => Self::Version1(path),
                false => Self::Version2(path),
            };
            if group.path().join(usage).exists() && group.takes_processes() {
                return Some(group);
            }
            // Nothing runs in it: an empty group can always be removed.
            let _ = fs::remove_dir(group.path());
        }
        None
    }

    fn takes_processes(&self) -> bool {
        Command::new("sh")
            .args(["-c", "echo $$ > \"$0/cgroup.procs\""])
            .arg(self.path())
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn cpu(&self) -> Result<f64> {
        match self {
            Self::Version1(path) => {
                let text = fs::read_to_string(path.join("cpuacct.usage"))?;
                Ok(text.trim().parse::<f64>()? / 1e9)
            }
            Self::Version2(path) => {
                let text = fs::read_to_string(path.join("cpu.stat"))?;
                let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
                Ok(usage.context("cpu.stat has no usage_usec")?.trim().parse::<f64>()? / 1e6)
            }
        }
    }
}

impl Account {
    /// Opens an account with a name that is unique on the machine.
    pub fn open(name: &str) -> Self {
        let group = Group::create(name);
        open_groups().extend(group.iter().map(|group| group.path().to_owned()));
        Self { group, root: 0 }
    }

    /// How it counts, for the report.
    pub fn method(&self) -> &'static str {
        match self.group {
            Some(_) => "control group",
            None => "/proc, resolution 10 ms",
        }
    }

    /// A command that starts `program` inside the account.
    pub fn command(&self, program: &Path) -> Command {
        let Some(group) = &self.group else {
            return Command::new(program);
        };
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""]);
        command.arg(group.path()).arg(program);
        command
    }

    /// Tells which process is the server's first.
    pub fn set_root(&mut self, pid: u32) {
        self.root = pid;
    }

    /// CPU seconds (user and system) used so far.
    pub fn cpu(&self) -> Result<f64> {
        if let Some(group) = &self.group {
            return group.cpu();
        }
        let ticks: u64 = tree(self.root).iter().map(|process| process.ticks).sum();
        Ok(ticks as f64 / clock_ticks_per_second() as f64)
    }

    /// Process ids of the server.
    pub fn processes(&self) -> Vec<u32> {
        match &self.group {
            Some(group) => fs::read_to_string(group.path().join("cgroup.procs"))
                .unwrap_or_default()
                .lines()
                .filter_map(|line| line.parse().ok())
                .collect(),
            None => tree(self.root).iter().map(|process| process.pid).collect(),
        }
    }

    /// Resident memory in bytes: the sum of the proportional set sizes, so that memory shared by
    /// the processes of one server counts once.
    pub fn memory(&self) -> u64 {
        self.processes().into_iter().filter_map(proportional_set_size).sum()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let Some(group) = &self.group else { return };
        open_groups().retain(|path| path != group.path());
        remove_group(group.path());
    }
}

fn proportional_set_size(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// Ends all processes below this one, and removes the groups that were made for them.
pub fn end_all() {
    let own = std::process::id();
    for process in tree(own).into_iter().filter(|process| process.pid != own) {
        if let Some(pid) = Pid::from_raw(process.pid as i32) {
            // It may have ended meanwhile.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
    let groups = std::mem::take(&mut *open_groups());
    groups.iter().for_each(|path| remove_group(path));
}

/// A group can be removed when its last process has ended.
fn remove_group(path: &Path) {
    for _ in 0..200 {
        if fs::remove_dir(path).is_ok() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    eprintln!("left behind: {}", path.display());
}

/// Groups that exist now, for a clean end after a signal.
fn open_groups() -> MutexGuard<'static, Vec<PathBuf>> {
    static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Process {
    pid: u32,
    parent: u32,
    ticks: u64,
}

/// The process and its descendants. Times of ended and waited-for children are in their parent's.
fn tree(root: u32) -> Vec<Process> {
    let mut all: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(process)
        .collect();
    let mut members: Vec<Process> = Vec::new();
    loop {
        let is_member = |pid: u32, members: &[Process]| members.iter().any(|m| m.pid == pid);
        let found = all.iter().position(|p| p.pid == root || is_member(p.parent, &members));
        match found {
            Some(at) => members.push(all.swap_remove(at)),
            None => return members,
        }
    }
}

fn process(pid: u32) -> Option<Process> {
    parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// proc_pid_stat(5): the name in parentheses may hold anything, so fields are counted behind it.
fn parse_stat(pid: u32, stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|f| f.parse::<u64>().ok()).sum();
    Some(Process { pid, parent: fields.get(1)?.parse().ok()?, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    // proc_pid_stat(5): ppid is field 4; utime, stime, cutime, cstime are fields 14 to 17.
    #[test]
    fn stat_with_hostile_name_is_read() {
        let stat = "7 (a) R 9 (b) S 3 1 1 0 -1 64 5 5 5 5 10 20 30 40 20 0 1 0 100";
        let process = parse_stat(7, stat).unwrap();
        assert_eq!((process.parent, process.ticks), (3, 100));
    }

    #[test]
    fn own_process_has_memory() {
        assert!(proportional_set_size(std::process::id()).unwrap() > 1 << 16);
    }
}
