//! Samples, rounds and what is made of them.

use std::time::Instant;

use anyhow::Result;

use crate::peer::Server;

/// One measurement on one server.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// In the unit of the row.
    pub value: f64,
    /// Server CPU seconds in the unit of the row, where it was measured.
    pub cpu: Option<f64>,
}

/// Time and server CPU from its making on.
pub struct Clock<'a> {
    server: &'a Server,
    start: Instant,
    cpu: f64,
}

impl<'a> Clock<'a> {
    /// Starts to measure.
    pub fn start(server: &'a Server) -> Result<Self> {
        let cpu = server.account().cpu()?;
        Ok(Self { server, start: Instant::now(), cpu })
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Ends the measurement: `amount` in the row's unit per second, and the CPU seconds for each
    /// `portion` of it.
    pub fn sample(&self, amount: f64, portion: f64) -> Result<Sample> {
        self.sample_at(self.seconds(), amount, portion)
    }

    /// The same for work that took `seconds`, with all CPU time until now.
    pub fn sample_at(&self, seconds: f64, amount: f64, portion: f64) -> Result<Sample> {
        let cpu = self.server.account().cpu()? - self.cpu;
        Ok(Sample { value: amount / seconds, cpu: Some(cpu / (amount / portion)) })
    }
}

/// What a row's values are.
#[derive(Clone, Copy, Debug)]
pub enum Quantity {
    /// More is better: the unit, the unit of its CPU column and the factor from seconds to that.
    Rate(&'static str, &'static str, f64),
    /// Less is better: the unit.
    Size(&'static str),
}

/// What the project set itself.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// Speed, as a multiple of the peer's.
    SpeedAtLeast(f64),
    /// CPU for the same work, as a part of the peer's.
    CpuAtMost(f64),
    /// Time for the same work, as a part of the peer's.
    TimeAtMost(f64),
    /// The value itself.
    AtLeast(f64),
    /// The value itself.
    AtMost(f64),
}

/// One line of the report.
pub struct Row {
    /// Name of the scenario.
    pub scenario: &'static str,
    /// What was done.
    pub case: String,
    /// What was counted.
    pub quantity: Quantity,
    /// One sample per round.
    pub subject: Vec<Sample>,
    /// One sample per round, in the same order; empty = nothing to compare with.
    pub peer: Vec<Sample>,
    /// What is to be reached.
    pub goals: Vec<Goal>,
}

impl Row {
    /// Ratios subject : peer of each round.
    pub fn ratios(&self) -> Vec<f64> {
        self.subject.iter().zip(&self.peer).map(|(s, p)| s.value / p.value).collect()
    }

    /// CPU ratios subject : peer of each round.
    pub fn cpu_ratios(&self) -> Vec<f64> {
        self.subject.iter().zip(&self.peer).filter_map(|(s, p)| Some(s.cpu? / p.cpu?)).collect()
    }

    /// Median value of one side.
    pub fn value(samples: &[Sample]) -> Option<f64> {
        median(samples.iter().map(|s| s.value).collect())
    }

    /// Median CPU of one side.
    pub fn cpu(samples: &[Sample]) -> Option<f64> {
        median(samples.iter().filter_map(|s| s.cpu).collect())
    }

    /// True if the goal is met, by the medians; `None` = there is nothing to tell it from.
    pub fn is_met(&self, goal: Goal) -> Option<bool> {
        Some(match goal {
            Goal::SpeedAtLeast(bound) => median(self.ratios())? >= bound,
            Goal::CpuAtMost(bound) => median(self.cpu_ratios())? <= bound,
            Goal::TimeAtMost(bound) => 1.0 / median(self.ratios())? <= bound,
            Goal::AtLeast(bound) => Self::value(&self.subject)? >= bound,
            Goal::AtMost(bound) => Self::value(&self.subject)? <= bound,
        })
    }
}

/// The median; the mean of the middle two of an even number.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        values.iter().map(|&value| Sample { value, cpu: Some(1.0 / value) }).collect()
    }

    #[test]
    fn goals_are_judged_by_the_median_of_the_rounds_ratios() {
        let row = Row {
            scenario: "s",
            case: "c".into(),
            quantity: Quantity::Size("MiB"),
            subject: samples(&[20.0, 90.0, 30.0]),
            peer: samples(&[10.0, 10.0, 10.0]),
            goals: Vec::new(),
        };
        assert_eq!(median(row.ratios()), Some(3.0));
        assert_eq!(row.is_met(Goal::SpeedAtLeast(3.0)), Some(true));
        assert_eq!(row.is_met(Goal::SpeedAtLeast(3.1)), Some(false));
        assert_eq!(row.is_met(Goal::TimeAtMost(0.34)), Some(true));
        assert_eq!(row.is_met(Goal::CpuAtMost(0.3)), Some(false));
        assert_eq!(row.is_met(Goal::AtMost(30.0)), Some(true));
        assert_eq!(row.is_met(Goal::AtLeast(31.0)), Some(false));
    }

    #[test]
    fn without_a_peer_nothing_is_said_about_ratios() {
        let row = Row {
            scenario: "s",
            case: "c".into(),
            quantity: Quantity::Size("MiB"),
            subject: samples(&[1.0]),
            peer: Vec::new(),
            goals: Vec::new(),
        };
        assert_eq!(row.is_met(Goal::SpeedAtLeast(0.1)), None);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
