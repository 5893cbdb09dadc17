//! The tables and the JSON file.

use std::fs;

use serde_json::{Value, json};

use crate::measure::{Goal, Quantity, Row, Sample, median};
use crate::peer::openssh;

/// The machine in one line, with the load of now: other work on it makes MB/s low and noisy.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    format!(
        "{cores} cores, {}, kernel {}, {}, load average {}",
        model.map_or("unknown CPU", |(_, name)| name.trim()),
        kernel.trim(),
        openssh::version(),
        load()
    )
}

/// Load averages of the last 1, 5 and 15 minutes.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The heading of the table.
pub fn print_heading(subject: &str, peer: &str) {
    println!(
        "{:<18} {:<18} {:>10} {:>10} {:<9} {:<20} {:>9} {:>9} {:<8} {:<20} goal",
        "scenario", "case", subject, peer, "", "ratio [min..max]", subject, peer, "CPU", "CPU ratio"
    );
}

/// One line of the table.
pub fn print_row(row: &Row) {
    let (unit, cpu_unit, factor) = match row.quantity {
        Quantity::Rate(unit, cpu_unit, factor) => (unit, cpu_unit, factor),
        Quantity::Size(unit) => (unit, "", 1.0),
    };
    let cpu = |samples: &[Sample]| number(Row::cpu(samples).map(|cpu| cpu * factor));
    let goals: Vec<String> = row.goals.iter().map(|goal| describe(row, *goal)).collect();
    println!(
        "{:<18} {:<18} {:>10} {:>10} {:<9} {:<20} {:>9} {:>9} {:<8} {:<20} {}",
        row.scenario,
        row.case,
        number(Row::value(&row.subject)),
        number(Row::value(&row.peer)),
        unit,
        range(row.ratios()),
        cpu(&row.subject),
        cpu(&row.peer),
        cpu_unit,
        range(row.cpu_ratios()),
        goals.join(", ")
    );
}

/// How many goals there are, how many are met, and how busy the machine was.
pub fn print_goals(rows: &[Row]) {
    let verdicts: Vec<bool> = rows.iter().flat_map(|row| row.goals.iter().filter_map(|goal| row.is_met(*goal))).collect();
    let met = verdicts.iter().filter(|is_met| **is_met).count();
    if !verdicts.is_empty() {
        println!("goals met: {met} of {}", verdicts.len());
    }
    println!("load average at the end: {}", load());
}

/// Everything, with all samples.
pub fn json(machine: &str, rows: &[Row]) -> Value {
    let samples =
        |samples: &[Sample]| -> Vec<Value> { samples.iter().map(|s| json!({ "value": s.value, "cpu": s.cpu })).collect() };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let (unit, cpu_unit) = match row.quantity {
                Quantity::Rate(unit, cpu_unit, _) => (unit, Some(cpu_unit)),
                Quantity::Size(unit) => (unit, None),
            };
            let goals: Vec<Value> =
                row.goals.iter().map(|goal| json!({ "goal": text(*goal), "met": row.is_met(*goal) })).collect();
            json!({
                "scenario": row.scenario,
                "case": row.case,
                "unit": unit,
                "cpu_unit": cpu_unit,
                "subject": samples(&row.subject),
                "peer": samples(&row.peer),
                "ratio": median(row.ratios()),
                "cpu_ratio": median(row.cpu_ratios()),
                "goals": goals,
            })
        })
        .collect();
    json!({ "machine": machine, "rows": rows })
}

fn describe(row: &Row, goal: Goal) -> String {
    let verdict = match row.is_met(goal) {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "unknown",
    };
    format!("{} {verdict}", text(goal))
}

fn text(goal: Goal) -> String {
    match goal {
        Goal::SpeedAtLeast(bound) => format!("speed >= {bound}x"),
        Goal::CpuAtMost(bound) => format!("CPU <= {bound}x"),
        Goal::TimeAtMost(bound) => format!("time <= {bound}x"),
        Goal::AtLeast(bound) => format!(">= {bound}"),
        Goal::AtMost(bound) => format!("<= {bound}"),
    }
}

/// Three significant digits or more.
fn number(value: Option<f64>) -> String {
    match value {
        None => "-".into(),
        Some(v) if v >= 100.0 => format!("{v:.0}"),
        Some(v) if v >= 10.0 => format!("{v:.1}"),
        Some(v) => format!("{v:.3}"),
    }
}

fn range(ratios: Vec<f64>) -> String {
    let min = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let max = ratios.iter().copied().fold(0.0, f64::max);
    median(ratios).map_or("-".into(), |m| format!("{m:.2} [{min:.2}..{max:.2}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let texts = [Some(1234.5), Some(12.345), Some(0.5), None].map(number);
        assert_eq!(texts, ["1234", "12.3", "0.500", "-"]);
        assert_eq!(range(vec![3.0, 1.0, 2.0]), "2.00 [1.00..3.00]");
        assert_eq!(range(Vec::new()), "-");
    }
}
